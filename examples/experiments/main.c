/* main.c - experiments list | run NAME | report: the five reports' experiments on the command line. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"

enum { WRONG_USE = 2, INTERRUPTED = 130 };

static const experiment *const reports[] = { r0_experiments,       r0_image_experiments, r1_toy_experiments,
                                             r1_experiments,       r2_experiments,       r3_experiments,
                                             r3_mnist_experiments, r4_experiments };
enum { REPORTS = sizeof reports / sizeof reports[0] };

/* The command line ------------------------------------------------------------------------------------------------- */

typedef struct options {
    const char *command, *name; /* "run", "r4.2" */
    const char *data, *out;
    long long seed, threads;
    bool small, again, quiet, help;
} options;

static const char usage[] =
    "usage: experiments list                         the experiments of the five reports\n"
    "       experiments run NAME [options]           one (r4.2), all of a report (r4), or all (all)\n"
    "       experiments report [--out DIR]           all that was run, against the reports, on one page\n\n"
    "  --data DIR     holds mnist/ and cifar-10-batches-bin/; without it, small stand-ins are generated\n"
    "  --out DIR      gets a folder for each experiment (results)\n"
    "  --seed N       of data, weights and order (the report's, or 1)\n"
    "  --threads N    to compute with (one a CPU); the results are the same\n"
    "  --small        a short form of each, seconds for all together\n"
    "  --again        runs also what DIR holds already\n"
    "  --quiet        no progress\n";

__attribute__((format(printf, 1, 2))) static bool wrong(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("experiments: ", stderr);
    vfprintf(stderr, format, args);
    fputs("; experiments --help says what there is\n", stderr);
    va_end(args);
    return false;
}

static bool read_number(const char *name, const char *text, long long most, long long *number)
{
    char *end;
    errno = 0;
    *number = strtoll(text, &end, 10);
    if (end != text && !*end && !errno && *number >= 0 && *number <= most)
        return true;
    fprintf(stderr, "experiments: %s \"%s\" is not a whole number from 0 to %lld\n", name, text, most);
    return false;
}

static bool read_option(options *o, const char *name, const char *value, bool *used)
{
    static const struct {
        const char *name;
        size_t offset;
    } flags[] = { { "--small", offsetof(options, small) },
                  { "--again", offsetof(options, again) },
                  { "--quiet", offsetof(options, quiet) },
                  { "--help", offsetof(options, help) } };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (!strcmp(name, flags[i].name))
            return *(bool *)((char *)o + flags[i].offset) = true;
    static const struct {
        const char *name;
        size_t offset;
        long long most; /* 0: a text */
    } values[] = { { "--data", offsetof(options, data), 0 },
                   { "--out", offsetof(options, out), 0 },
                   { "--seed", offsetof(options, seed), 1000000000000000 },
                   { "--threads", offsetof(options, threads), 64 } };
    *used = true;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        void *field = (char *)o + values[i].offset;
        if (strcmp(name, values[i].name) != 0)
            continue;
        if (!value || !*value)
            return wrong("%s needs a value", name);
        if (values[i].most)
            return read_number(name, value, values[i].most, field);
        *(const char **)field = value;
        return true;
    }
    return wrong("\"%s\" is no option", name);
}

static bool read_options(options *o, int argc, char **argv)
{
    *o = (options){ .out = "results", .seed = -1 };
    for (int i = 1; i < argc; i++) {
        bool used = false;
        if (!strncmp(argv[i], "--", 2)) {
            if (!read_option(o, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &used))
                return false;
            i += used;
        } else if (!o->command)
            o->command = argv[i];
        else if (!o->name)
            o->name = argv[i];
        else
            return wrong("there is no use for \"%s\"", argv[i]);
    }
    if (o->help)
        return true;
    if (!o->command)
        return wrong("there is no command");
    if (!strcmp(o->command, "run"))
        return (o->name && *o->name) || wrong("run needs the name of an experiment");
    return !o->name || wrong("there is no use for \"%s\"", o->name);
}

/* list ------------------------------------------------------------------------------------------------------------- */

static const char *needs_text(unsigned needs)
{
    static const char *const texts[] = {
        [0] = "-", [LAB_MNIST] = "MNIST", [LAB_CIFAR10] = "CIFAR-10", [LAB_MNIST | LAB_CIFAR10] = "both"
    };
    return texts[needs];
}

static int list(void)
{
    printf("%-7s %-9s %s\n", "name", "data", "what");
    for (int i = 0; i < REPORTS; i++)
        for (const experiment *e = reports[i]; e->name; e++)
            printf("%-7s %-9s %s\n", e->name, needs_text(e->needs), e->title);
    return EXIT_SUCCESS;
}

/* run -------------------------------------------------------------------------------------------------------------- */

/* Whether an experiment is meant by a name: its own, the beginning of it ("r4", "r3.3"), or "all". */
static bool is_meant(const experiment *e, const char *name)
{
    return !strcmp(name, "all") || !strncmp(e->name, name, strlen(name));
}

static bool is_stand_in(const options *o, const experiment *e)
{
    return !o->data && e->needs;
}

static void begin_page(lab *l, const options *o, const char *dir, const char *key)
{
    const experiment *e = l->experiment;
    const char *command = lab_text(l, "experiments run %s", e->name);
    if (o->data)
        command = lab_text(l, "%s --data DIR", command);
    if (o->small)
        command = lab_text(l, "%s --small", command);
    if (o->seed >= 0)
        command = lab_text(l, "%s --seed %lld", command, o->seed);
    l->page = page_open(dir,
                        &(page_head){ .report = lab_text(l, "R%c", e->name[1]),
                                      .item = e->name + 3,
                                      .title = e->title,
                                      .about = e->about,
                                      .command = command,
                                      .key = key },
                        &l->err);
    page_setting(l->page, "seed", "%llu", (unsigned long long)l->seed);
    page_setting(l->page, "kernels", "%s", tg_kernel_set());
    if (l->small)
        page_setting(l->page, "form", "short%s",
                     is_stand_in(o, e) ? ", on generated data: no data folder was given" : "");
}

/* Runs one experiment, unless `dir` holds its results. What was there stays unless the new results are whole. */
static bool run_one(const options *o, const experiment *e)
{
    lab l = { .experiment = e,
              .data = o->data,
              .seed = o->seed >= 0 ? (uint64_t)o->seed
                      : e->seed    ? e->seed
                                   : 1,
              .small = o->small || is_stand_in(o, e),
              .quiet = o->quiet };
    const char *dir = lab_text(&l, "%s/%s", o->out, e->name);
    const char *key = lab_text(&l, "%s seed %llu %s %s", e->name, (unsigned long long)l.seed,
                               !e->needs ? "own data"
                               : o->data ? "real data"
                                         : "generated data",
                               l.small ? "short" : "whole");
    const double started = fit_seconds();
    bool good = lab_good(&l);
    if (good && !o->again && page_is_done(dir, key)) {
        printf("%-7s is in %s already (--again runs it again)\n", e->name, dir);
    } else if (good) {
        begin_page(&l, o, dir, key);
        if (lab_good(&l))
            e->run(&l);
        lab_progress_end(&l);
        if (lab_good(&l))
            page_close(l.page, &l.err);
        else
            page_abandon(l.page);
        good = lab_good(&l);
        if (good)
            printf("%-7s %6.1f s  %s/index.html\n", e->name, fit_seconds() - started, dir);
        else
            fprintf(stderr, "experiments: %s: %s%s\n", e->name, l.err.text,
                    lab_interrupted() ? "; the same command goes on from here" : "");
    }
    fflush(stdout);
    lab_free_items(&l);
    return good;
}

static int gather(const options *o)
{
    tg_error err = { 0 };
    const int n = page_gather(o->out, &err);
    if (n < 0) {
        fprintf(stderr, "experiments: %s\n", err.text);
        return EXIT_FAILURE;
    }
    printf("%d run%s on %s/index.html\n", n, n == 1 ? "" : "s", o->out);
    return EXIT_SUCCESS;
}

static int run(const options *o)
{
    int met = 0;
    bool failed = false;
    lab_catch_signals();
    if (o->threads > 0)
        tg_set_num_threads((int)o->threads);
    for (int i = 0; i < REPORTS; i++)
        for (const experiment *e = reports[i]; e->name && !failed; e++)
            if (is_meant(e, o->name)) {
                met++;
                failed = !run_one(o, e);
            }
    if (lab_interrupted()) {
        page_gather(o->out, NULL);
        return INTERRUPTED;
    }
    if (!met) {
        wrong("no experiment is named \"%s\"", o->name);
        return WRONG_USE;
    }
    if (!failed)
        return gather(o);
    page_gather(o->out, NULL); /* what there is; the failure has been said */
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    options o;
    if (!read_options(&o, argc, argv))
        return WRONG_USE;
    if (o.help) {
        fputs(usage, stdout);
        return EXIT_SUCCESS;
    }
    if (!strcmp(o.command, "list"))
        return list();
    if (!strcmp(o.command, "run"))
        return run(&o);
    if (!strcmp(o.command, "report"))
        return gather(&o);
    wrong("\"%s\" is no command", o.command);
    return WRONG_USE;
}
