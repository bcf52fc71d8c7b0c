/* race.c - interleaved timing: slices, medians, paired ratios. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <time.h>

#include "bench.h"

enum { ROUNDS_LEAST = 3, ROUNDS_MOST = 2001 };
/* Seconds: much longer than the clock's resolution, much shorter than the time in which a machine's speed changes. */
static const double slice = 1e-3;

double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds a run, over `runs` of them. */
static double time_runs(const bench_side *s, int64_t runs)
{
    const double start = bench_now();
    for (int64_t i = 0; i < runs; i++)
        s->run(s->context);
    return (bench_now() - start) / (double)runs;
}

/* How many runs fill a slice; finding out warms the side up. */
static int64_t runs_of_slice(const bench_side *s)
{
    int64_t runs = 1;
    double each = time_runs(s, 1);
    while ((each = time_runs(s, runs)) * (double)runs < slice)
        runs *= 2;
    const double fit = slice / each;
    return fit < 1 ? 1 : (int64_t)fit;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *x, int n)
{
    qsort(x, (size_t)n, sizeof *x, by_value);
    return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

void bench_race(const bench_side *sides, int n, double seconds, bench_time *times)
{
    static double taken[BENCH_SIDES][ROUNDS_MOST], ratio[BENCH_SIDES][ROUNDS_MOST];
    int64_t runs[BENCH_SIDES];
    for (int s = 0; s < n; s++)
        runs[s] = runs_of_slice(&sides[s]);
    const double start = bench_now();
    int rounds = 0;
    while (rounds < ROUNDS_LEAST || (rounds < ROUNDS_MOST && bench_now() - start < seconds)) {
        for (int s = 0; s < n; s++) {
            taken[s][rounds] = time_runs(&sides[s], runs[s]);
            ratio[s][rounds] = taken[s][rounds] / taken[0][rounds];
        }
        rounds++;
    }
    for (int s = 0; s < n; s++) {
        times[s].median = bench_median(taken[s], rounds);
        times[s].least = taken[s][0];
        times[s].ratio = bench_median(ratio[s], rounds);
    }
}

double bench_time_of(void (*run)(void *context), void *context, double seconds)
{
    bench_time t;
    bench_race(&(bench_side){ run, context }, 1, seconds, &t);
    return t.median;
}
