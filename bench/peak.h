/* peak.h - loops that measure the limits of a kernel set: one table for each set and dtype. */
#ifndef BENCH_PEAK_H
#define BENCH_PEAK_H

#include <stdint.h>

typedef struct bench_loops {
    double (*multiply_add)(int64_t steps,
                           double *result); /* on registers alone; returns the operations that it did */
    void (*copy)(int64_t n, const void *x, void *y);
} bench_loops;

#endif
