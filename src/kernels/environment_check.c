/* environment_check.c - whether the environment variables for threads and kernels take effect. */
#include <string.h>

#include "core/format.h"
#include "core/status.h"
#include "kernels/kernels.h"
#include "tapegrad/cpu.h"

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
    const char *requested = tg_requested_kernels();
    if (!requested || is_runnable(requested))
        return TG_OK;
    for (int i = 0; tg_kernel_set_at(i); i++)
        n += tg_format(names + n, sizeof names - n, i ? ", %s" : "%s", tg_kernel_set_at(i));
    return tg_error_raise(err, TG_ERR_ARGUMENT,
                          "TAPEGRAD_KERNELS is '%.64s', which is no kernel set that this machine runs: these are %s",
                          requested, names);
}

static tg_status check_threads(tg_error *err)
{
    const char *requested = tg_environment_text("TAPEGRAD_THREADS");
    const int n = tg_requested_threads();
    if (!requested || (n >= 1 && n <= TG_THREADS_MOST))
        return TG_OK;
    return tg_error_raise(err, TG_ERR_ARGUMENT,
                          "TAPEGRAD_THREADS is '%.64s', expected a number of threads from 1 to %d", requested,
                          TG_THREADS_MOST);
}

tg_status tg_environment_check(tg_error *err)
{
    tg_status status = check_kernels(err);
    if (status == TG_OK)
        status = check_threads(err);
    return status == TG_OK ? tg_error_clear(err) : status;
}
