/* lab.c - what a lab owns, its first error, its progress line, and the user's wish to stop. */
#define _POSIX_C_SOURCE 200809L
#include "lab.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "output/text.h"

typedef struct lab_item {
    void *what;
    void (*free_it)(void *what);
    struct lab_item *next;
} lab_item;

bool lab_good(const lab *l)
{
    return l->err.status == TG_OK;
}

bool lab_fail(lab *l, tg_status status, const char *format, ...)
{
    va_list args;
    if (!lab_good(l))
        return false;
    va_start(args, format);
    vsnprintf(l->err.text, sizeof l->err.text, format, args);
    va_end(args);
    l->err.status = status;
    return false;
}

int64_t lab_size(lab *l, int64_t full, int64_t small)
{
    l->shortened |= l->small && small < full;
    return l->small ? small : full;
}

void lab_compare(lab *l, const char *what, const char *format, double theirs, double ours, const char *unit,
                 const char *why)
{
    const bool differs = !isnan(theirs) && (l->shortened || l->generated);
    page_compare(l->page, what, format, theirs, ours, unit,
                 !differs       ? why
                 : l->generated ? "a short run on generated data"
                                : "a short run");
}

void *lab_keep(lab *l, void *what, void (*free_it)(void *what))
{
    lab_item *item = malloc(sizeof *item);
    if (!item || !what) {
        lab_fail(l, TG_ERR_MEMORY, "no memory");
        if (what)
            free_it(what);
        free(item);
        return NULL;
    }
    *item = (lab_item){ what, free_it, l->items };
    l->items = item;
    return what;
}

void lab_free_items(lab *l)
{
    while (l->items) {
        lab_item *item = l->items;
        l->items = item->next;
        item->free_it(item->what);
        free(item);
    }
}

void *lab_room(lab *l, int64_t n, size_t size)
{
    return lab_good(l) ? lab_keep(l, calloc((size_t)(n > 0 ? n : 1), size), free) : NULL;
}

double *lab_numbers(lab *l, int64_t n)
{
    return lab_room(l, n, sizeof(double));
}

const char *lab_text(lab *l, const char *format, ...)
{
    va_list args;
    text t = { 0 };
    va_start(args, format);
    text_print_v(&t, format, args);
    va_end(args);
    char *made = t.data;
    t.data = NULL;
    text_finish(&t);
    return lab_keep(l, made, free) ? made : "";
}

/* Progress --------------------------------------------------------------------------------------------------------- */

void lab_progress(lab *l, const char *what, double share)
{
    const double now = fit_seconds();
    if (l->quiet || !isatty(STDOUT_FILENO) || now < l->shown + 0.1)
        return;
    printf("\r\033[K%-6s %-52.52s %3.0f %%", l->experiment->name, what, 100 * share);
    fflush(stdout);
    l->shown = now;
}

void lab_progress_end(lab *l)
{
    if (l->shown > 0) {
        fputs("\r\033[K", stdout);
        fflush(stdout); /* before a message to stderr */
    }
    l->shown = 0;
}

/* Ctrl-C ----------------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    stopped = signal;
}

/* The first signal ends the running experiment; a second one kills. */
void lab_catch_signals(void)
{
    struct sigaction action = { .sa_handler = stop, .sa_flags = (int)SA_RESETHAND | SA_RESTART };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool lab_interrupted(void)
{
    return stopped;
}
