/* argmax.c - the index of the largest or the smallest x along an axis, handed to the caller: nothing is put on the tape. */
#include "core/error.h"
#include "core/lookup.h"
#include "core/tape.h"
#include "ops/reduce.h"
#include "tapegrad/ops.h"

/* Whether x, times `sign`, replaces the largest so far; the first NaN is never replaced. */
static bool beats(double x, double largest, double sign)
{
    return sign * x > sign * largest || (x != x && largest == largest);
}

#define ARGMAX(real)                                                                                                 \
    static void argmax_##real(const tg_lines *l, const real *x, double sign, int32_t *out)                           \
    {                                                                                                                \
        for (int64_t o = 0; o < l->outer; o++, x += l->k * l->inner, out += l->inner)                                \
            for (int64_t j = 0; j < l->k; j++)                                                                       \
                for (int64_t i = 0; i < l->inner; i++)                                                               \
                    if (j == 0 || beats((double)x[j * l->inner + i], (double)x[out[i] * l->inner + i], sign))        \
                        out[i] = (int32_t)j;                                                                         \
    }
ARGMAX(float)
ARGMAX(double)

/* Checks that out[n] has one number for each line of a tensor of `shape`; else the error is raised. */
static bool fits(tg_tape *t, const char *name, const tg_shape *shape, const tg_lines *l, const int32_t *out,
                 int64_t n)
{
    char text[192];
    const int64_t results = l->outer * l->inner;
    tg_shape_text(shape, text, sizeof text);
    if (n != results)
        tg_tape_raise(t, TG_ERR_SHAPE, "%s: %s has %lld results along this axis, n is %lld", name, text,
                      (long long)results, (long long)n);
    else if (results > 0 && !out)
        tg_tape_raise(t, TG_ERR_ARGUMENT, "%s: out is NULL", name);
    else if (results > 0 && l->k == 0)
        tg_tape_raise(t, TG_ERR_SHAPE, "%s: %s has no elements to choose from; the axis must not be empty", name,
                      text);
    else if (l->k > INT32_MAX)
        tg_tape_raise(t, TG_ERR_RANGE, "%s: %s has %lld elements to choose from; an int32 counts to %d", name, text,
                      (long long)l->k, INT32_MAX);
    return t->status == TG_OK;
}

static tg_status find(tg_tensor x, const char *name, int axis, double sign, int32_t *out, int64_t n)
{
    const tg_node *node = tg_node_with_value(x, name);
    if (!node || !tg_check_axis(x, name, axis))
        return tg_tape_status(x.tape);
    const tg_lines l = tg_lines_along(&node->extent->shape, axis);
    if (!fits(x.tape, name, &node->extent->shape, &l, out, n))
        return tg_tape_status(x.tape);
    if (x.tape->dtype == TG_F32)
        argmax_float(&l, node->value, sign, out);
    else
        argmax_double(&l, node->value, sign, out);
    return TG_OK;
}

tg_status tg_argmax(tg_tensor x, int axis, int32_t *out, int64_t n)
{
    return find(x, "argmax", axis, 1, out, n);
}

tg_status tg_argmin(tg_tensor x, int axis, int32_t *out, int64_t n)
{
    return find(x, "argmin", axis, -1, out, n);
}
