/* environment.c - what the environment asks of threads and kernels, and whether it gets it. */
#include <stdlib.h>
#include <string.h>

#include "core/format.h"
#include "core/status.h"
#include "kernels/kernels.h"
#include "tapegrad/cpu.h"

/* A variable that is empty counts as unset. */
static const char *wish(const char *name)
{
    const char *text = getenv(name);
    return text && *text ? text : NULL;
}

const char *tg_wished_kernels(void)
{
    return wish("TAPEGRAD_KERNELS");
}

int tg_wished_threads(void)
{
    const char *text = wish("TAPEGRAD_THREADS");
    int n = 0;
    for (; text && *text >= '0' && *text <= '9'; text++)
        n = n <= TG_THREADS_MOST ? 10 * n + (*text - '0') : n;
    return text && !*text ? n : 0;
}

static bool is_runnable(const char *name)
{
    for (int i = 0; tg_kernel_set_at(i); i++)
        if (strcmp(tg_kernel_set_at(i), name) == 0)
            return true;
    return false;
}

static tg_status check_kernels(tg_error *err)
{
    char names[128];
    size_t n = 0;
    const char *wished = tg_wished_kernels();
    if (!wished || is_runnable(wished))
        return TG_OK;
    for (int i = 0; tg_kernel_set_at(i); i++)
        n += tg_format(names + n, sizeof names - n, i ? ", %s" : "%s", tg_kernel_set_at(i));
    return tg_error_raise(err, TG_ERR_ARGUMENT,
                          "TAPEGRAD_KERNELS is '%.64s', which is no kernel set that this machine runs: these are %s",
                          wished, names);
}

static tg_status check_threads(tg_error *err)
{
    const char *wished = wish("TAPEGRAD_THREADS");
    const int n = tg_wished_threads();
    if (!wished || (n >= 1 && n <= TG_THREADS_MOST))
        return TG_OK;
    return tg_error_raise(err, TG_ERR_ARGUMENT,
                          "TAPEGRAD_THREADS is '%.64s', expected a number of threads from 1 to %d", wished,
                          TG_THREADS_MOST);
}

tg_status tg_environment_check(tg_error *err)
{
    tg_status status = check_kernels(err);
    if (status == TG_OK)
        status = check_threads(err);
    return status == TG_OK ? tg_error_clear(err) : status;
}
