/* l1_loss.c - |x - y|, and Huber's h(x - y), h(d) = d^2 / 2 for |d| <= delta, else delta (|d| - delta / 2), whose derivative is
   d clamped to -delta .. delta */
#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS

static inline vec huber(vec d, vec delta)
{
    const vec c = v_min(delta, v_max(-delta, d));
    return v_select(v_abs(d) <= delta, d * d / 2, c * (d - c / 2));
}

MAP1(huber, d, huber(d, p0))

#else

#include "core/tape.h"
#include "core/error.h"
#include "core/lookup.h"
#include "ops/derivatives.h"

static void vjp(tg_vjp *v)
{
    const double delta = tg_number(v);
    tg_give(v, 0, tg_weigh(tg_cotangent(v), tg_clamp(tg_input(v, 0), -delta, delta)));
}

static const tg_sample samples[] = {
    { .n = 1, .inputs = { TG_MATRIX(-0.5, 0.5) }, TG_NUMBERS(0.75) },
    { .n = 1, .inputs = { TG_MATRIX(1, 2) }, TG_NUMBERS(0.75) },
};

const tg_op tg_op_huber = { TG_ELEMENTWISE(huber, 1, 1), .vjp = vjp, TG_SAMPLES(samples) };

/* x - y; a failed tensor, with the error raised, if a loss `name` cannot be of them. */
static tg_tensor difference(tg_tensor x, tg_tensor y, const char *name, tg_reduction r)
{
    const tg_node *nx = tg_node_of(x, name), *ny = nx ? tg_node_find(x.tape, y) : NULL;
    char text[192];
    if (nx && ny && !tg_shape_equal(&nx->extent->shape, &ny->extent->shape))
        tg_tensor_fail(x, TG_ERR_SHAPE, name, "the other is %s; the shapes must be the same",
                       tg_shape_text(&ny->extent->shape, text, sizeof text));
    else if (nx && r != TG_MEAN && r != TG_SUM && r != TG_NONE)
        tg_tensor_fail(x, TG_ERR_ARGUMENT, name, "reduction %d is none of TG_MEAN, TG_SUM, TG_NONE", (int)r);
    else if (nx || !x.tape)
        return tg_sub(x, y);
    return tg_invalid(x.tape);
}

static tg_tensor reduced(tg_tensor loss, tg_reduction r)
{
    return r == TG_NONE ? loss : r == TG_SUM ? tg_sum(loss, TG_ALL, false) : tg_mean(loss, TG_ALL, false);
}

tg_tensor tg_l1_loss(tg_tensor x, tg_tensor y, tg_reduction reduction)
{
    return reduced(tg_abs(difference(x, y, "l1_loss", reduction)), reduction);
}

tg_tensor tg_huber_loss(tg_tensor x, tg_tensor y, double delta, tg_reduction reduction)
{
    const tg_tensor d = difference(x, y, "huber_loss", reduction);
    if (d.id && !(delta > 0)) {
        tg_tensor_fail(x, TG_ERR_ARGUMENT, "huber_loss", "delta is %g; it must be more than 0", delta);
        return tg_invalid(x.tape);
    }
    return reduced(tg_apply1_by(&tg_op_huber, d, delta), reduction);
}

#endif
