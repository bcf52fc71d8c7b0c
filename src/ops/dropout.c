/* dropout.c - y_i = 0 where u_i < p, else x_i / (1 - p);  dx = the same of g. u_i is draw number i of a generator, so
   that the reverse pass draws the same numbers again and no mask is kept. */
#include "ops/elementwise.h"
#include "tapegrad/rng.h"

typedef struct drops {
    double p;
    tg_rng rng; /* at the draw of the first element */
} drops;

#ifdef TG_VECTOR_PASS

#include "core/philox.h"

/* Blocks of two draws, computed together so that the compiler vectorises them. */
enum { BLOCKS = 32 };

static inline void draw(uint64_t seed, uint64_t first, uint64_t *draws)
{
    for (int i = 0; i < BLOCKS; i++) {
        const tg_block b = tg_random_block(seed, first + (uint64_t)i, TG_DRAWS);
        draws[2 * i] = tg_half_block(b, 0);
        draws[2 * i + 1] = tg_half_block(b, 1);
    }
}

ROWS(dropout)
{
    const drops *d = l->attributes;
    const real *x = l->in[0], scale = (real)(1 / (1 - d->p));
    const int64_t below =
        (int64_t)ceil(d->p * 0x1p53); /* u < p, as tg_rng_uniform makes u of a draw's upper 53 bits */
    real *y = l->out;
    for (int64_t j = 0, n; j < l->cols; j += n) {
        const uint64_t position = d->rng.position + (uint64_t)j;
        const int64_t skip = position % 2, left = l->cols - j;
        uint64_t draws[2 * BLOCKS];
        draw(d->rng.seed, position / 2, draws);
        n = left < 2 * BLOCKS - skip ? left : 2 * BLOCKS - skip;
        for (int64_t i = 0; i < n; i++)
            y[j + i] = (int64_t)(draws[skip + i] >> 11) < below ? 0 : x[j + i] * scale;
    }
}

#else

#include "core/call.h"
#include "core/error.h"
#include "core/lookup.h"
#include "kernels/kernels.h"

static tg_tensor dropout(tg_tensor x, const drops *d)
{
    return tg_apply1_with(&tg_op_dropout, x, d, sizeof *d);
}

static tg_status shape(tg_call *c, tg_shape *out)
{
    *out = tg_call_shape(c, 0);
    return TG_OK;
}

enum { TASK = 1 << 12 }; /* elements of a task: a draw costs more than a product */

static void task(void *context, int64_t i)
{
    const tg_call *c = context;
    const int64_t start = i * TASK, n = tg_call_output_size(c) - start;
    drops d = *(const drops *)tg_call_attributes(c);
    d.rng.position += (uint64_t)start;
    c->tape->kernels->loop[TG_INDEX_dropout](
        &(tg_loop){ .rows = 1,
                    .cols = n < TASK ? n : TASK,
                    .in = { (const char *)tg_call_input(c, 0) + (size_t)start * c->tape->element },
                    .out = (char *)c->out + (size_t)start * c->tape->element,
                    .attributes = &d });
}

static tg_status forward(tg_call *c)
{
    tg_parallel_brief((tg_call_output_size(c) + TASK - 1) / TASK, task, c);
    return TG_OK;
}

static void vjp(tg_vjp *v)
{
    tg_give(v, 0, dropout(tg_cotangent(v), tg_vjp_attributes(v)));
}

static const tg_sample samples[] = {
    { .n = 1,
      .inputs = { TG_MATRIX(-2, 2) },
      .attributes = &(const drops){ .p = 0.4, .rng = { .seed = 1 } },
      .attribute_bytes = sizeof(drops) },
};

const tg_op tg_op_dropout = {
    .name = "dropout",
    .arity = 1,
    .order = TG_ORDER_ANY,
    .shape = shape,
    .forward = forward,
    .vjp = vjp,
    TG_SAMPLES(samples),
};

tg_tensor tg_dropout(tg_tensor x, double p, tg_rng *rng)
{
    if (!tg_node_of(x, "dropout"))
        return tg_invalid(x.tape);
    if (!(p >= 0 && p < 1))
        tg_tensor_fail(x, TG_ERR_ARGUMENT, "dropout", "p is %g; it must be at least 0 and less than 1", p);
    else if (!rng)
        tg_tensor_fail(x, TG_ERR_ARGUMENT, "dropout", "rng is NULL; it draws what is dropped");
    else if (!tg_tape_training(x.tape))
        return x;
    else {
        const tg_tensor y = dropout(x, &(drops){ .p = p, .rng = *rng });
        rng->position += y.id ? (uint64_t)tg_size(x) : 0;
        return y;
    }
    return tg_invalid(x.tape);
}

#endif
