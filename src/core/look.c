/* look.c - looking at tensors: shapes, values, names, prints, visits. */
#include <math.h>
#include <string.h>

#include "core/escape.h"
#include "core/format.h"
#include "core/tape.h"

tg_node *tg_node_of(tg_tensor x, const char *what)
{
    tg_tape *t = x.tape;
    if (!t || !tg_tape_is_open(t, what))
        return NULL;
    tg_node *n = tg_node_find(t, x);
    if (!n)
        tg_tape_raise(t, TG_ERR_STALE, "%s: the tensor " TG_STALE_TEXT, what);
    return n;
}

tg_node *tg_node_with_value(tg_tensor x, const char *what)
{
    tg_node *n = tg_node_of(x, what);
    return n && tg_node_evaluate(x.tape, x.id) ? n : NULL;
}

bool tg_is_valid(tg_tensor x)
{
    return x.tape && x.tape->status == TG_OK && tg_node_find(x.tape, x);
}

tg_shape tg_shape_of(tg_tensor x)
{
    const tg_node *n = tg_node_of(x, "shape_of");
    return n ? n->extent->shape : tg_scalar_extent.shape;
}

int tg_rank(tg_tensor x)
{
    const tg_node *n = tg_node_of(x, "rank");
    return n ? n->extent->shape.rank : 0;
}

int64_t tg_dim(tg_tensor x, int axis)
{
    const tg_node *n = tg_node_of(x, "dim");
    if (!n)
        return -1;
    int rank = n->extent->shape.rank;
    if (axis >= -rank && axis < rank)
        return n->extent->shape.dims[axis < 0 ? axis + rank : axis];
    tg_tensor_fail(x, TG_ERR_SHAPE, "dim",
                   rank ? "axis %d is not in %d .. %d" : "axis %d of a scalar, which has none", axis, -rank,
                   rank - 1);
    return -1;
}

int64_t tg_size(tg_tensor x)
{
    const tg_node *n = tg_node_of(x, "size");
    return n ? n->extent->size : 0;
}

bool tg_needs_grad(tg_tensor x)
{
    const tg_node *n = tg_node_of(x, "needs_grad");
    return n && n->flags & TG_NODE_NEEDS_GRAD;
}

const void *tg_data(tg_tensor x)
{
    const tg_node *n = tg_node_with_value(x, "data");
    return n ? n->value : NULL;
}

static double element(const tg_tape *t, const tg_node *n, int64_t i)
{
    return tg_element(t, n->value, i);
}

double tg_item(tg_tensor x)
{
    const tg_node *n = tg_node_with_value(x, "item");
    if (n && n->extent->size == 1)
        return element(x.tape, n, 0);
    if (n)
        tg_tensor_fail(x, TG_ERR_SHAPE, "item", "there are %lld elements, not one; tg_read copies them all",
                       (long long)n->extent->size);
    return (double)NAN;
}

/* The node to read n elements from, or NULL with the error raised. */
static const tg_node *readable(tg_tensor x, const void *out, int64_t n)
{
    const tg_node *node = tg_node_with_value(x, "read");
    if (!node)
        return NULL;
    if (n != node->extent->size)
        tg_tensor_fail(x, TG_ERR_ARGUMENT, "read", "a buffer of %lld elements for %lld", (long long)n,
                       (long long)node->extent->size);
    else if (!out && n > 0)
        tg_tensor_fail(x, TG_ERR_ARGUMENT, "read", "the buffer is NULL");
    else
        return node;
    return NULL;
}

tg_status tg_read_f32(tg_tensor x, float *out, int64_t n)
{
    const tg_node *node = readable(x, out, n);
    for (int64_t i = 0; node && i < n; i++)
        out[i] = (float)element(x.tape, node, i);
    return tg_tape_status(x.tape);
}

tg_status tg_read_f64(tg_tensor x, double *out, int64_t n)
{
    const tg_node *node = readable(x, out, n);
    for (int64_t i = 0; node && i < n; i++)
        out[i] = element(x.tape, node, i);
    return tg_tape_status(x.tape);
}

tg_status tg_read_untyped(tg_tensor x, void *out, int64_t n)
{
    if (readable(x, out, n) && out)
        tg_tensor_fail(x, TG_ERR_ARGUMENT, "read", "the buffer is a pointer to void; give one to float or double");
    return tg_tape_status(x.tape);
}

/* Printing -------------------------------------------------------------------------------------------------------- */

enum { EDGE = 3, LONG_AXIS = 1000 };

typedef struct printer {
    FILE *out;
    const tg_tape *tape;
    const tg_node *node;
    bool shortened; /* more elements than LONG_AXIS: show the edges of each axis */
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

/* The width of the widest number shown, from `axis` down at `offset`. */
static void widest(printer *p, int axis, int64_t offset)
{
    const tg_shape *s = &p->node->extent->shape;
    if (axis == s->rank) {
        char text[TG_NUMBER_BYTES];
        int width = (int)strlen(number(text, element(p->tape, p->node, offset)));
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
        fprintf(p->out, "%*s", p->width, number(text, element(p->tape, p->node, offset)));
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

/* Visiting -------------------------------------------------------------------------------------------------------- */

tg_status tg_tape_each(tg_tape *t, bool (*visit)(void *context, const tg_visit *v), void *context)
{
    if (!t || !visit)
        return t ? tg_tape_raise(t, TG_ERR_ARGUMENT, "each: the function is NULL") : TG_ERR_ARGUMENT;
    if (!tg_tape_is_open(t, "each"))
        return t->status;
    tg_tensor *inputs = NULL;
    uint32_t capacity = 0;
    const uint32_t last = t->count; /* not those that visits make */
    t->in_visit++;
    for (uint32_t id = 1; id <= last; id++) {
        const tg_node *n = tg_node_at(t, id);
        if (!n->value)
            continue; /* noted in a recorded reverse pass, and never needed */
        void *list = inputs;
        bool good = tg_heap_grow(&t->heap, &list, &capacity, n->n_inputs, sizeof *inputs);
        inputs = list;
        if (!good) {
            tg_tape_raise(t, TG_ERR_MEMORY, "each: no memory for %d inputs", n->n_inputs);
            break;
        }
        for (int i = 0; i < n->n_inputs; i++) {
            uint32_t in = tg_node_inputs(n)[i];
            inputs[i] = in ? tg_handle(t, in) : (tg_tensor){ 0 };
        }
        const tg_visit v = {
            .tensor = tg_handle(t, id),
            .op = n->op->name,
            .name = tg_label_of(t, id),
            .shape = n->extent->shape,
            .n_inputs = n->n_inputs,
            .inputs = inputs,
            .needs_grad = n->flags & TG_NODE_NEEDS_GRAD,
        };
        if (!visit(context, &v))
            break;
    }
    t->in_visit--;
    tg_heap_free(&t->heap, inputs, capacity * sizeof *inputs);
    return t->status;
}
