/* golden.c - the reader of golden values. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "golden.h"

static void must(bool holds, const golden_case *c, const char *what)
{
    if (!holds)
        fail_msg("golden case %d: %s", c->number, what);
}

static int read_int(FILE *f, const golden_case *c, int most)
{
    int n = -1;
    must(fscanf(f, "%d", &n) == 1 && n >= 0 && n <= most, c, "a count or size");
    return n;
}

static void read_shape(FILE *f, const golden_case *c, golden_array *a)
{
    a->shape.rank = read_int(f, c, TG_MAX_RANK);
    for (int d = 0; d < a->shape.rank; d++)
        a->shape.dims[d] = read_int(f, c, GOLDEN_ELEMENTS);
    a->n = (int)tg_shape_size(&a->shape);
    must(a->n >= 0 && a->n <= GOLDEN_ELEMENTS, c, "a shape");
}

static void read_values(FILE *f, const golden_case *c, golden_array *a)
{
    for (int i = 0; i < a->n; i++)
        must(fscanf(f, "%lf", &a->values[i]) == 1, c, "a value");
}

/* Reads values whose shape is that of `like`. */
static void read_like(FILE *f, const golden_case *c, golden_array *a, const golden_array *like)
{
    *a = (golden_array){ .shape = like->shape, .n = like->n };
    read_values(f, c, a);
}

/* Reads labels, which have no rank in the file, or integers with their shape. */
static void read_ints(FILE *f, golden_case *c, bool has_rank)
{
    c->int_shape.rank = has_rank ? read_int(f, c, TG_MAX_RANK) : 1;
    for (int d = 0; d < c->int_shape.rank; d++)
        c->int_shape.dims[d] = read_int(f, c, GOLDEN_INTS);
    c->n_ints = (int)tg_shape_size(&c->int_shape);
    must(c->n_ints >= 0 && c->n_ints <= GOLDEN_INTS, c, "the number of integers");
    for (int i = 0; i < c->n_ints; i++)
        must(fscanf(f, "%" SCNd32, &c->ints[i]) == 1, c, "an integer");
}

static bool find_case(FILE *f, golden_case *c)
{
    char line[4096];
    *c = (golden_case){ 0 };
    while (fgets(line, sizeof line, f)) {
        int used = 0;
        if (line[0] == '#')
            continue;
        must(sscanf(line, "case %d %31s%n", &c->number, c->op, &used) == 2, c, "the start of a case");
        line[strcspn(line, "\n")] = ' ';
        must(strlen(line + used) < sizeof c->attributes, c, "attributes");
        strcpy(c->attributes, line + used);
        return true;
    }
    return false;
}

bool golden_next(FILE *f, golden_case *c)
{
    if (!find_case(f, c))
        return false;
    int n_gradients = 0;
    for (;;) {
        char part[16] = "";
        must(fscanf(f, "%15s", part) == 1, c, "the file ends within it");
        if (!strcmp(part, "end"))
            break;
        if (!strcmp(part, "labels") || !strcmp(part, "ints")) {
            read_ints(f, c, part[0] == 'i');
        } else if (!strcmp(part, "in")) {
            must(c->n_inputs < GOLDEN_INPUTS, c, "too many inputs");
            read_shape(f, c, &c->inputs[c->n_inputs]);
            read_values(f, c, &c->inputs[c->n_inputs++]);
        } else if (!strcmp(part, "out")) {
            read_shape(f, c, &c->out);
            read_values(f, c, &c->out);
        } else if (!strcmp(part, "cotangent")) {
            read_like(f, c, &c->cotangent, &c->out);
        } else if (!strcmp(part, "grad")) {
            must(n_gradients < c->n_inputs, c, "too many gradients");
            read_like(f, c, &c->gradients[n_gradients], &c->inputs[n_gradients]);
            n_gradients++;
        } else {
            fail_msg("golden case %d: what is a %s?", c->number, part);
        }
    }
    c->is_constant = c->cotangent.n == 0 && n_gradients == 0 && c->out.n > 0;
    must(n_gradients == c->n_inputs || c->is_constant, c, "a gradient for every input");
    must(fgetc(f) == '\n', c, "its last line");
    return true;
}

const char *golden_text(const golden_case *c, const char *key)
{
    const size_t length = strlen(key);
    for (const char *at = c->attributes; (at = strchr(at, ' ')); at++)
        if (!strncmp(at + 1, key, length) && at[1 + length] == '=')
            return at + length + 2;
    return "";
}

double golden_number(const golden_case *c, const char *key)
{
    return strtod(golden_text(c, key), NULL);
}

int golden_list(const golden_case *c, const char *key, double *list, int most)
{
    int n = 0;
    const char *at = golden_text(c, key);
    for (char *end; n < most; at = end + 1) {
        list[n] = strtod(at, &end);
        if (end == at)
            break;
        n++;
        if (*end != ',')
            break;
    }
    return n;
}
