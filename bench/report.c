/* report.c - results as an aligned table on the terminal, and as JSON. */
#include <string.h>

#include "bench.h"

/* How many columns of the terminal a UTF-8 text takes. */
static int width_of(const char *text)
{
    int width = 0;
    for (; *text; text++)
        width += (*text & 0xc0) != 0x80;
    return width;
}

static void spaces(int n)
{
    printf("%*s", n > 0 ? n : 0, "");
}

/* Texts to the left, numbers to the right. */
static void print_cell(const bench_column *c, const char *text)
{
    const int fill = c->width - width_of(text);
    if (c->decimals != BENCH_TEXT)
        spaces(fill);
    fputs(text, stdout);
    if (c->decimals == BENCH_TEXT)
        spaces(fill);
}

static void print_titles(const bench *b)
{
    for (int i = 0; i < b->n_columns; i++)
        if (b->columns[i].title) {
            spaces(i ? 2 : 0);
            print_cell(&b->columns[i], b->columns[i].title);
        }
    putchar('\n');
}

static void print_row(const bench *b, const bench_cell *cells)
{
    for (int i = 0; i < b->n_columns; i++) {
        const bench_column *c = &b->columns[i];
        char number[64] = "-";
        if (!c->title)
            continue;
        if (c->decimals != BENCH_TEXT && !isnan(cells[i].number))
            snprintf(number, sizeof number, "%.*f", c->decimals, cells[i].number);
        spaces(i ? 2 : 0);
        print_cell(c, c->decimals == BENCH_TEXT ? cells[i].text : number);
    }
    putchar('\n');
    fflush(stdout);
}

static void write_text(FILE *f, const char *text)
{
    putc('"', f);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putc('\\', f);
        putc((unsigned char)*text < ' ' ? ' ' : *text, f);
    }
    putc('"', f);
}

static void write_number(FILE *f, double x)
{
    if (isfinite(x))
        fprintf(f, "%.9g", x);
    else
        fputs("null", f);
}

static void write_row(const bench *b, const bench_cell *cells)
{
    fprintf(b->json, "%s\n    { \"table\": ", b->rows ? "," : "");
    write_text(b->json, b->table);
    for (int i = 0; i < b->n_columns; i++) {
        fprintf(b->json, ", \"%s\": ", b->columns[i].key);
        if (b->columns[i].decimals == BENCH_TEXT)
            write_text(b->json, cells[i].text);
        else
            write_number(b->json, cells[i].number);
    }
    fputs(" }", b->json);
}

void bench_table(bench *b, const char *name, const bench_column *columns, int n)
{
    b->table = name;
    b->columns = columns;
    b->n_columns = n;
    printf("\n%s\n", name);
    print_titles(b);
}

void bench_row(bench *b, const bench_cell *cells)
{
    print_row(b, cells);
    if (b->json)
        write_row(b, cells);
    b->rows++;
}

static void write_head(bench *b, const char *cpu)
{
    fputs("{\n  \"program\": ", b->json);
    write_text(b->json, b->program);
    fputs(",\n  \"machine\": { \"cpu\": ", b->json);
    write_text(b->json, cpu);
    fprintf(b->json,
            ", \"gflops_f32\": %.4g, \"gflops_f64\": %.4g, \"memory_copy_gb_per_s\": %.4g, "
            "\"cache_copy_gb_per_s\": %.4g },\n",
            b->limits.flops[TG_F32] / 1e9, b->limits.flops[TG_F64] / 1e9, b->limits.memory_copy / 1e9,
            b->limits.cache_copy / 1e9);
    fprintf(b->json, "  \"kernel_set\": \"%s\",\n  \"threads\": %d,\n  \"quick\": %s,\n  \"rows\": [",
            tg_kernel_set(), tg_num_threads(), b->quick ? "true" : "false");
}

void bench_head(bench *b)
{
    char cpu[128];
    bench_cpu_name(cpu, sizeof cpu);
    printf("%s: %s, kernel set %s\n", b->program, cpu, tg_kernel_set());
    printf("one thread at most: %.0f GFLOP/s float32, %.0f float64; copy %.0f GB/s in memory, %.0f in the cache\n",
           b->limits.flops[TG_F32] / 1e9, b->limits.flops[TG_F64] / 1e9, b->limits.memory_copy / 1e9,
           b->limits.cache_copy / 1e9);
    if (b->json)
        write_head(b, cpu);
}

int bench_finish(bench *b)
{
    bool succeeded = !b->failed;
    if (b->json) {
        fputs("\n  ]\n}\n", b->json);
        succeeded = !ferror(b->json) && succeeded;
        succeeded = fclose(b->json) == 0 && succeeded;
    }
    if (b->rows == 0)
        printf("no row matches --filter %s\n", b->filter);
    return succeeded ? 0 : 1;
}
