/* threads.h - for tests of what the number of threads must not change: so many, and every job is shared. */
#ifndef TEST_THREADS_H
#define TEST_THREADS_H

#include "kernels/kernels.h"
#include "tapegrad/cpu.h"

static inline void use_threads(int n)
{
    assert_int_equal(tg_set_num_threads(n), TG_OK);
    tg_parallel_eagerly(true);
}

#endif
