/* pool.c - the threads that kernels run on. */
#include "kernels/kernels.h"

tg_status tg_set_num_threads(int n)
{
    return n < 0 || n > 64 ? TG_ERR_ARGUMENT : TG_OK;
}

int tg_num_threads(void)
{
    return 1;
}

void tg_parallel(int64_t n, void (*task)(void *context, int64_t i), void *context)
{
    for (int64_t i = 0; i < n; i++)
        task(context, i);
}
