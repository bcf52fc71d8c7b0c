/* machine.c - the limits of this machine: multiply-adds a second, bytes a second; and memory for the benchmarks. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "kernels/sets.h"
#include "peak.h"

#define SET(name) extern const bench_loops bench_loops_##name##_f32, bench_loops_##name##_f64;
TG_KERNEL_SETS
#undef SET

static const struct {
    const char *name;
    const bench_loops *loops[2]; /* by tg_dtype */
} sets[] = {
#define SET(name) { #name, { &bench_loops_##name##_f32, &bench_loops_##name##_f64 } },
    TG_KERNEL_SETS
#undef SET
};

static const bench_loops *loops_in_use(tg_dtype dtype)
{
    int s = 0;
    while (strcmp(sets[s].name, tg_kernel_set()) != 0)
        s++;
    return sets[s].loops[dtype];
}

/* Multiply-adds --------------------------------------------------------------------------------------------------- */

typedef struct burst {
    const bench_loops *loops;
    double operations;
    volatile double result;
} burst;

static void run_burst(void *context)
{
    burst *b = context;
    double result;
    b->operations = b->loops->multiply_add(10000, &result);
    b->result = result;
}

static double flops(tg_dtype dtype, double seconds)
{
    burst b = { .loops = loops_in_use(dtype) };
    bench_time t;
    bench_race(&(bench_side){ run_burst, &b }, 1, seconds, &t);
    return b.operations / t.median;
}

/* Copies: by the kernel set's loads and stores or by the C library, whichever is faster -------------------------- */

struct bench_copy_buffers {
    int64_t n;
    float *x, *y;
};

bench_copy_buffers *bench_copy_buffers_create(int64_t n)
{
    bench_copy_buffers *s = bench_alloc(sizeof *s);
    const size_t bytes = (size_t)n * sizeof(float);
    *s = (bench_copy_buffers){ .n = n, .x = bench_alloc(bytes), .y = bench_alloc(bytes) };
    return s;
}

void bench_copy_buffers_destroy(bench_copy_buffers *s)
{
    free(s->x);
    free(s->y);
    free(s);
}

void bench_copy(void *context)
{
    const bench_copy_buffers *s = context;
    loops_in_use(TG_F32)->copy(s->n, s->x, s->y);
}

static void copy_by_libc(void *context)
{
    const bench_copy_buffers *s = context;
    memcpy(s->y, s->x, (size_t)s->n * sizeof *s->x);
}

static double copy_speed(int64_t n, double seconds)
{
    bench_copy_buffers *s = bench_copy_buffers_create(n);
    const bench_side sides[] = { { bench_copy, s }, { copy_by_libc, s } };
    bench_time t[2];
    bench_race(sides, 2, seconds, t);
    bench_copy_buffers_destroy(s);
    return 2 * (double)n * sizeof(float) / (t[0].median < t[1].median ? t[0].median : t[1].median);
}

bench_limits bench_measure(double seconds)
{
    return (bench_limits){
        .flops = { flops(TG_F32, seconds), flops(TG_F64, seconds) },
        .memory_copy = copy_speed((int64_t)1 << 24, seconds),
        .cache_copy = copy_speed(1000000, seconds),
    };
}

/* Name and memory ------------------------------------------------------------------------------------------------- */

const char *bench_cpu_name(char *buffer, int size)
{
    snprintf(buffer, (size_t)size, "unknown CPU");
    FILE *f = fopen("/proc/cpuinfo", "r");
    char line[512];
    while (f && fgets(line, sizeof line, f)) {
        const char *colon = strncmp(line, "model name", 10) ? NULL : strchr(line, ':');
        if (!colon)
            continue;
        snprintf(buffer, (size_t)size, "%s", colon + 2);
        buffer[strcspn(buffer, "\n")] = '\0';
        break;
    }
    if (f)
        fclose(f);
    return buffer;
}

void *bench_alloc(size_t size)
{
    const size_t whole = (size + 63) / 64 * 64;
    void *p = aligned_alloc(64, whole ? whole : 64);
    if (!p) {
        fprintf(stderr, "no memory for %zu bytes\n", size);
        exit(1);
    }
    memset(p, 0, whole);
    return p;
}

/* A sequence of draws, repeated, so that filling a million elements is fast. */
void bench_fill(tg_dtype dtype, void *x, int64_t n, double lo, double hi)
{
    enum { DRAWS = 4099 };
    double draws[DRAWS];
    tg_rng rng = tg_rng_seed(1);
    for (int64_t i = 0; i < DRAWS && i < n; i++)
        draws[i] = tg_rng_between(&rng, lo, hi);
    for (int64_t i = 0; i < n; i++)
        if (dtype == TG_F32)
            ((float *)x)[i] = (float)draws[i % DRAWS];
        else
            ((double *)x)[i] = draws[i % DRAWS];
}
