/* print.c - a tensor as text. */
#include <string.h>

#include "core/error.h"
#include "core/escape.h"
#include "core/format.h"
#include "core/label.h"
#include "core/lookup.h"

enum { EDGE = 3, LONG_AXIS = 1000 };

typedef struct printer {
    FILE *out;
    const tg_tape *tape;
    const tg_node *node;
    bool shortened; /* more elements than LONG_AXIS: only the first and last EDGE of each axis are printed */
    int width;
} printer;

static const char *number(char text[TG_NUMBER_BYTES], double x)
{
    return tg_number_text(text, x, 6);
}

static void put_text(FILE *out, const char *text)
{
    char part[128];
    for (const char *end = text + strlen(text); text < end;) {
        text = tg_escape(part, sizeof part, text, end);
        fputs(part, out);
    }
}

static bool is_gap(const printer *p, int64_t size, int64_t i)
{
    return p->shortened && size > 2 * EDGE && i == EDGE;
}

/* Sets p->width to that of the widest number that is printed, of the part of the tensor at `offset` over the axes from
   `axis` on. */
static void widest(printer *p, int axis, int64_t offset)
{
    const tg_shape *s = &p->node->extent->shape;
    if (axis == s->rank) {
        char text[TG_NUMBER_BYTES];
        int width = (int)strlen(number(text, tg_element(p->tape, p->node->value, offset)));
        p->width = width > p->width ? width : p->width;
        return;
    }
    for (int64_t i = 0; i < s->dims[axis]; i++) {
        if (is_gap(p, s->dims[axis], i))
            i = s->dims[axis] - EDGE;
        widest(p, axis + 1, offset * s->dims[axis] + i);
    }
}

static void rows(const printer *p, int axis, int64_t offset)
{
    const tg_shape *s = &p->node->extent->shape;
    if (axis == s->rank) {
        char text[TG_NUMBER_BYTES];
        fprintf(p->out, "%*s", p->width, number(text, tg_element(p->tape, p->node->value, offset)));
        return;
    }
    bool last = axis == s->rank - 1;
    fputc('[', p->out);
    for (int64_t i = 0; i < s->dims[axis]; i++) {
        if (i)
            fprintf(p->out, last ? ", " : ",\n%*s", last ? 0 : axis + 1, "");
        if (is_gap(p, s->dims[axis], i)) {
            fprintf(p->out, last ? "..., " : "...,\n%*s", last ? 0 : axis + 1, "");
            i = s->dims[axis] - EDGE;
        }
        rows(p, axis + 1, offset * s->dims[axis] + i);
    }
    fputc(']', p->out);
}

tg_status tg_print(FILE *out, tg_tensor x)
{
    if (!out)
        return x.tape ? tg_tape_raise(x.tape, TG_ERR_ARGUMENT, "print: the file is NULL") : TG_ERR_ARGUMENT;
    const tg_node *n = tg_node_with_value(x, "print");
    if (!n) {
        fprintf(out, "(no tensor: %s)\n", x.tape ? tg_tape_message(x.tape) : "the null tensor");
        return tg_tape_status(x.tape);
    }
    printer p = { .out = out, .tape = x.tape, .node = n, .shortened = n->extent->size > LONG_AXIS };
    char shape[192];
    const char *label = tg_label_of(x.tape, x.id);
    if (n->extent->size > 0) {
        widest(&p, 0, 0);
        rows(&p, 0, 0);
    } else {
        fputs("[]", out);
    }
    fputs("  ", out);
    put_text(out, label ? label : "");
    fprintf(out, "%s%s f%d\n", label ? " " : "", tg_shape_text(&n->extent->shape, shape, sizeof shape),
            x.tape->dtype == TG_F64 ? 64 : 32);
    return ferror(out) ? TG_ERR_IO : TG_OK;
}
