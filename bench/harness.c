/* harness.c - the command line of a benchmark, its time budget, its exit status. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const char usage[] = "  --json FILE     write the results there, too\n"
                            "  --filter TEXT   only rows whose name contains TEXT; =TEXT: whose name it is\n"
                            "  --threads N     1 to 64 threads\n"
                            "  --quick         seconds instead of a minute, with less exact figures\n"
                            "  --help          this text\n";
static const char usage_against[] =
    "  --against LIB   race every row against the cblas_sgemm and cblas_dgemm of a shared library\n";

static _Noreturn void reject(const bench *b, const char *option, const char *problem)
{
    fprintf(stderr, "%s: %s: %s\n", b->program, option, problem);
    exit(2);
}

static int number_of_threads(const bench *b, const char *text)
{
    char *end;
    const long n = strtol(text, &end, 10);
    if (end == text || *end || n < 1 || n > 64)
        reject(b, "--threads", "takes a number from 1 to 64");
    return (int)n;
}

static void help(const bench *b, unsigned supported, const char *purpose)
{
    printf("%s: %s\n%s%s", b->program, purpose, supported & BENCH_AGAINST ? usage_against : "", usage);
    exit(0);
}

static void read_options(bench *b, int argc, char **argv, unsigned supported, const char *purpose)
{
    const struct {
        const char *name;
        const char **value;
    } texts[] = {
        { "--json", &b->path },
        { "--filter", &b->filter },
        { "--against", supported & BENCH_AGAINST ? &b->against : NULL },
    };
    for (int i = 1; i < argc; i++) {
        const char *option = argv[i];
        int t = 0;
        if (!strcmp(option, "--help"))
            help(b, supported, purpose);
        if (!strcmp(option, "--quick")) {
            b->quick = true;
            continue;
        }
        while (t < BENCH_COUNT(texts) && (!texts[t].value || strcmp(option, texts[t].name) != 0))
            t++;
        const bool is_threads = !strcmp(option, "--threads");
        if (t == BENCH_COUNT(texts) && !is_threads)
            reject(b, option, "no such option; --help lists them");
        if (++i == argc)
            reject(b, option, "a value is missing");
        if (is_threads)
            b->threads = number_of_threads(b, argv[i]);
        else
            *texts[t].value = argv[i];
    }
}

void bench_start(bench *b, int argc, char **argv, unsigned supported, const char *purpose)
{
    const char *slash = strrchr(argv[0], '/');
    *b = (bench){ .program = slash ? slash + 1 : argv[0] };
    read_options(b, argc, argv, supported, purpose);
    if (b->path && !(b->json = fopen(b->path, "w")))
        reject(b, b->path, "cannot be written");
    tg_set_num_threads(1);
    b->limits = bench_measure(bench_budget(b, 0.5));
    tg_set_num_threads(b->threads ? b->threads : 1);
    bench_head(b);
}

bool bench_wants(const bench *b, const char *row)
{
    if (b->filter && b->filter[0] == '=')
        return !strcmp(row, b->filter + 1);
    return !b->filter || strstr(row, b->filter);
}

double bench_budget(const bench *b, double seconds)
{
    return b->quick ? seconds / 20 : seconds;
}

void bench_fail(const bench *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s: ", b->program);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}
