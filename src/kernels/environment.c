/* environment.c - the environment variables for threads and kernels, as text and as a number. */
#include <stdlib.h>

#include "kernels/kernels.h"

const char *tg_environment_text(const char *name)
{
    const char *text = getenv(name);
    return text && *text ? text : NULL;
}

const char *tg_requested_kernels(void)
{
    return tg_environment_text("TAPEGRAD_KERNELS");
}

int tg_requested_threads(void)
{
    const char *text = tg_environment_text("TAPEGRAD_THREADS");
    int n = 0;
    for (; text && *text >= '0' && *text <= '9'; text++)
        n = n <= TG_THREADS_MOST ? 10 * n + (*text - '0') : n;
    return text && !*text ? n : 0;
}
