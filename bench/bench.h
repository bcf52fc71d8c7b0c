/* bench.h - shared by the benchmarks: the command line, the machine's limits, paired timing, and reports as table and
   JSON. */
#ifndef BENCH_H
#define BENCH_H

#include <math.h>
#include <stdio.h>

#include "tapegrad.h"

/* A run of a benchmark ------------------------------------------------------------------------------------------- */

/* The limits of the machine for one thread and the kernel set in use: the denominators of all shares. */
typedef struct bench_limits {
    double flops[2];    /* by tg_dtype: multiply-adds on registers alone, counted as two operations each, a second */
    double memory_copy; /* bytes a second, read and written, of arrays far larger than the caches */
    double cache_copy;  /* the same of a million float32 elements */
} bench_limits;

/* A column of a table. Cells are numbers with `decimals` digits behind the point, or texts. */
enum { BENCH_TEXT = -1 };
typedef struct bench_column {
    const char *key;   /* its name in the JSON */
    const char *title; /* its title in the table; NULL: only in the JSON */
    int width, decimals;
} bench_column;

typedef struct bench_cell {
    const char *text;
    double number;
} bench_cell;
#define BENCH_NOTHING ((double)NAN) /* no number: a dash in the table, null in the JSON */

typedef struct bench {
    const char *program;
    const char *filter;  /* NULL: every row */
    const char *against; /* a shared library to compare with; NULL without */
    const char *path;    /* of the JSON; NULL: none */
    int threads;         /* 0: not given */
    bool quick, failed;
    bench_limits limits;
    FILE *json;
    const char *table;
    const bench_column *columns;
    int n_columns;
    int64_t rows;
} bench;

enum { BENCH_AGAINST = 1 }; /* the program has the option --against LIBRARY */

/* Reads the command line (an error is one line and exit status 2), measures the machine, and prints the head of the report.
   `purpose` is the first line of --help. */
void bench_start(bench *b, int argc, char **argv, unsigned options, const char *purpose);

/* Prints the machine and its limits; bench_start calls it. */
void bench_head(bench *b);

/* Whether --filter selects a row. */
bool bench_wants(const bench *b, const char *row);

/* Seconds to spend on a row. */
double bench_budget(const bench *b, double seconds);

/* Begins a table, and adds a row to it: a cell for each column. */
void bench_table(bench *b, const char *name, const bench_column *columns, int n);
void bench_row(bench *b, const bench_cell *cells);

/* Prints the message and exits with status 1. */
_Noreturn void bench_fail(const bench *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Completes the JSON; returns the exit status. */
int bench_finish(bench *b);

#define BENCH_COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* Races ---------------------------------------------------------------------------------------------------------- */

typedef struct bench_side {
    void (*run)(void *context);
    void *context;
} bench_side;

typedef struct bench_time {
    double median, least; /* seconds a run */
    double ratio;         /* to side 0: the median over the rounds */
} bench_time;

/* Runs 1 to 4 sides in turn, A B A B ..., a slice of runs each, after a warm-up, until `seconds` have passed. A temporary
   slowdown of the machine affects all sides, so that the ratios remain valid. */
enum { BENCH_SIDES = 4 };
void bench_race(const bench_side *sides, int n, double seconds, bench_time *times);

/* Seconds of a monotonic clock, and the median of n numbers, which are sorted. */
double bench_now(void);
double bench_median(double *x, int n);

/* One side alone: its median. */
double bench_time_of(void (*run)(void *context), void *context, double seconds);

/* The machine ---------------------------------------------------------------------------------------------------- */

bench_limits bench_measure(double seconds);

/* Two arrays of n float32 elements; bench_copy copies one to the other with the kernel set's loads and stores. */
typedef struct bench_copy_buffers bench_copy_buffers;
bench_copy_buffers *bench_copy_buffers_create(int64_t n);
void bench_copy_buffers_destroy(bench_copy_buffers *s);
void bench_copy(void *buffers);

/* The CPU's name, if the system provides it. */
const char *bench_cpu_name(char *buffer, int size);

/* Memory that is aligned to 64 bytes and zeroed; ends the program if there is none. */
void *bench_alloc(size_t size);

/* n numbers in lo .. hi from a fixed seed. */
void bench_fill(tg_dtype dtype, void *x, int64_t n, double lo, double hi);

#endif
