/* flip.c - y = x with the order of elements along an axis reversed */
#include "core/call.h"
#include "ops/blocks.h"
#include "ops/lines.h"

/* The elements of a contiguous line. */
static void reverse(const tg_call *c, const char *x, char *y, int64_t n)
{
    if (c->tape->dtype == TG_F32)
        for (int64_t i = 0; i < n; i++)
            ((float *)(void *)y)[i] = ((const float *)(const void *)x)[n - 1 - i];
    else
        for (int64_t i = 0; i < n; i++)
            ((double *)(void *)y)[i] = ((const double *)(const void *)x)[n - 1 - i];
}

static tg_status forward(tg_call *c)
{
    const tg_lines l = tg_lines_along(&c->node->extent->shape, *(const int *)tg_call_attributes(c));
    const size_t block = (size_t)l.inner * c->tape->element, line = (size_t)l.k * block;
    const char *x = tg_call_value(c, 0);
    char *y = c->out;
    for (int64_t o = 0; o < l.outer; o++, x += line, y += line)
        if (l.inner == 1)
            reverse(c, x, y, l.k);
        else
            for (int64_t i = 0; i < l.k; i++)
                memcpy(y + (size_t)i * block, x + (size_t)(l.k - 1 - i) * block, block);
    return TG_OK;
}

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, tg_flip(tg_cotangent(v), tg_line_axis(v)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { { .shape = { 3, { 2, 3, 4 } } } }, TG_AXIS(1) },
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } } } }, TG_AXIS(-1) },
    { .n = 1, .inputs = { { .shape = { 2, { 3, 4 } } } }, TG_AXIS(TG_ALL) },
};

const tg_op tg_op_flip = {
    .name = "flip",
    .arity = 1,
    .order = TG_ORDER_ANY,
    .shape = tg_shape_lines,
    .forward = forward,
    .vjp = vjp,
    TG_SAMPLES(samples),
};

tg_tensor tg_flip(tg_tensor x, int axis)
{
    return tg_apply1_with(&tg_op_flip, x, &axis, sizeof axis);
}
