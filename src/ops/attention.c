/* attention.c - y = softmax(q kᵀ / sqrt d + mask) v over leading axes. The forward has the weights of a block of rows at a time;
   the vjp computes the weights again. With p the weights, c their scale and g the cotangent: dv = pᵀ g, ds = softmax'(p, g vᵀ),
   dq = c ds k, dk = c dsᵀ q, dmask = ds. */
#include <math.h>
#include <string.h>

#include "core/call.h"
#include "kernels/kernels.h"
#include "ops/derivatives.h"
#include "ops/elementwise.h"
#include "ops/product.h"

typedef struct options {
    int causal;
} options;

/* Sizes of one head: queries, keys, and the last axes of q and k, and of v. */
typedef struct head {
    int64_t n, m, d, dv;
} head;

static head head_of(const tg_shape *q, const tg_shape *v)
{
    return (head){
        .n = q->dims[q->rank - 2], .m = v->dims[v->rank - 2], .d = q->dims[q->rank - 1], .dv = v->dims[v->rank - 1]
    };
}

static double scale_of(int64_t d)
{
    return d > 0 ? 1 / sqrt((double)d) : 1;
}

/* Forward --------------------------------------------------------------------------------------------------------- */

static bool same_leading(const tg_shape *a, const tg_shape *b)
{
    bool same = a->rank == b->rank;
    for (int d = 0; same && d < a->rank - 2; d++)
        same = a->dims[d] == b->dims[d];
    return same;
}

static tg_status shape(tg_call *c, tg_shape *out)
{
    const tg_shape *q = tg_call_dims(c, 0), *k = tg_call_dims(c, 1), *v = tg_call_dims(c, 2);
    if (q->rank < 2 || !same_leading(q, k) || !same_leading(q, v))
        return tg_call_fail(c, TG_ERR_SHAPE,
                            "q, k and v must be [..., n, d], [..., m, d], [..., m, e], with equal leading axes");
    const head h = head_of(q, v);
    if (k->dims[k->rank - 1] != h.d || k->dims[k->rank - 2] != h.m)
        return tg_call_fail(c, TG_ERR_SHAPE,
                            "k must be [..., %lld, %lld], as many keys as values, as long as queries", (long long)h.m,
                            (long long)h.d);
    if (tg_call_has(c, 3)) {
        const tg_shape *mask = tg_call_dims(c, 3);
        const bool fits = mask->rank >= 2 && mask->dims[mask->rank - 2] == h.n && mask->dims[mask->rank - 1] == h.m;
        if (!fits || (mask->rank != 2 && !same_leading(q, mask)))
            return tg_call_fail(c, TG_ERR_SHAPE,
                                "the mask must be [%lld, %lld], or have the leading axes of q before that",
                                (long long)h.n, (long long)h.m);
    }
    tg_copy_shape(q, out);
    out->dims[out->rank - 1] = h.dv;
    return TG_OK;
}

enum { BLOCK = 64, TASKS = 16 }; /* rows whose weights exist at once; tasks, whatever the number of threads */

typedef struct work {
    const tg_call *call;
    head h;
    int64_t blocks, heads, tasks;
    bool one_mask; /* for all heads */
    char *scratch;
    size_t a_task;
} work;

static char *at(const void *p, int64_t elements, size_t element)
{
    return (char *)(uintptr_t)p + (size_t)elements * element;
}

/* Scales the scores of `rows` rows from row `first` on, adds the mask, and excludes keys behind the query. */
#define PREPARE(real)                                                                                                \
    static void prepare_##real(real *s, int64_t rows, int64_t cols, int64_t m, double scale, const real *mask,       \
                               int64_t first, bool causal)                                                           \
    {                                                                                                                \
        for (int64_t i = 0; i < rows; i++)                                                                           \
            for (int64_t j = 0; j < cols; j++) {                                                                     \
                const real score = s[i * cols + j] * (real)scale + (mask ? mask[(first + i) * m + j] : 0);           \
                s[i * cols + j] = causal && j > first + i ? -(real)INFINITY : score;                                 \
            }                                                                                                        \
    }
PREPARE(float)
PREPARE(double)

/* The products of the block of rows from `first` on: their sizes and strides. */
typedef struct products {
    int64_t rows, cols;
    tg_gemm qk, pv;
} products;

static products products_of(const work *w, int64_t first)
{
    const head h = w->h;
    const bool causal = ((const options *)tg_call_attributes(w->call))->causal;
    products p = { .rows = h.n - first < BLOCK ? h.n - first : BLOCK };
    p.cols = causal && first + p.rows < h.m ? first + p.rows : h.m;
    p.qk = (tg_gemm){
        .m = p.rows, .n = p.cols, .k = h.d, .a_row = h.d, .a_col = 1, .b_row = 1, .b_col = h.d, .c_row = p.cols
    };
    p.pv = (tg_gemm){
        .m = p.rows, .n = h.dv, .k = p.cols, .a_row = p.cols, .a_col = 1, .b_row = h.dv, .b_col = 1, .c_row = h.dv
    };
    return p;
}

static void block(const work *w, int64_t index, char *scratch)
{
    const tg_call *c = w->call;
    const tg_tape *t = c->tape;
    const head h = w->h;
    const bool causal = ((const options *)tg_call_attributes(c))->causal;
    const int64_t number = index / w->blocks, first = index % w->blocks * BLOCK;
    products p = products_of(w, first);
    char *scores = scratch, *weights = at(scratch, BLOCK * h.m, t->element),
         *rest = at(weights, BLOCK * h.m, t->element);
    p.qk.a = at(tg_call_value(c, 0), (number * h.n + first) * h.d, t->element);
    p.qk.b = at(tg_call_value(c, 1), number * h.m * h.d, t->element);
    p.qk.c = scores;
    tg_gemm_run(t->kernels, t->dtype, &p.qk, rest);
    const void *mask = tg_call_value(c, 3);
    if (mask && !w->one_mask)
        mask = at(mask, number * h.n * h.m, t->element);
    if (t->dtype == TG_F32)
        prepare_float((void *)scores, p.rows, p.cols, h.m, scale_of(h.d), mask, first, causal);
    else
        prepare_double((void *)scores, p.rows, p.cols, h.m, scale_of(h.d), mask, first, causal);
    t->kernels->loop[TG_INDEX_softmax](&(tg_loop){ .rows = p.cols,
                                                   .cols = p.rows,
                                                   .in = { scores },
                                                   .row = { 1 },
                                                   .col = { p.cols },
                                                   .out = weights,
                                                   .out_row = 1 });
    p.pv.a = weights;
    p.pv.b = at(tg_call_value(c, 2), number * h.m * h.dv, t->element);
    p.pv.c = at(c->out, (number * h.n + first) * h.dv, t->element);
    tg_gemm_run(t->kernels, t->dtype, &p.pv, rest);
}

static void task(void *context, int64_t i)
{
    const work *w = context;
    const int64_t n = w->heads * w->blocks;
    for (int64_t b = i * n / w->tasks; b < (i + 1) * n / w->tasks; b++)
        block(w, b, w->scratch + (size_t)i * w->a_task);
}

/* The most scratch that a product of a block takes. It does not grow evenly with the sizes, so each block is asked for. */
static size_t product_scratch(const work *w)
{
    const tg_tape *t = w->call->tape;
    size_t most = 0;
    for (int64_t first = 0; first < w->h.n; first += BLOCK) {
        const products p = products_of(w, first);
        const size_t qk = tg_gemm_scratch_size(t->kernels, t->dtype, &p.qk);
        const size_t pv = tg_gemm_scratch_size(t->kernels, t->dtype, &p.pv);
        most = qk > most ? qk : most;
        most = pv > most ? pv : most;
    }
    return most;
}

static tg_status forward(tg_call *c)
{
    const tg_tape *t = c->tape;
    work w = { .call = c, .h = head_of(tg_call_dims(c, 0), tg_call_dims(c, 2)) };
    if (w.h.m == 0) { /* the sum of no values */
        memset(c->out, 0, (size_t)c->node->extent->size * t->element);
        return TG_OK;
    }
    w.heads = c->node->extent->size / (w.h.n * w.h.dv);
    w.blocks = (w.h.n + BLOCK - 1) / BLOCK;
    w.tasks = w.heads * w.blocks < TASKS ? w.heads * w.blocks : TASKS;
    w.one_mask = tg_call_has(c, 3) && tg_call_dims(c, 3)->rank == 2;
    w.a_task = ((size_t)(2 * BLOCK * w.h.m) * t->element + product_scratch(&w) + 63) / 64 * 64;
    w.scratch = tg_call_scratch(c, (size_t)w.tasks * w.a_task);
    if (!w.scratch)
        return TG_ERR_MEMORY;
    tg_parallel(w.tasks, task, &w);
    return TG_OK;
}

/* Reverse --------------------------------------------------------------------------------------------------------- */

static tg_tensor weights_of(tg_tensor q, tg_tensor k, tg_tensor mask, bool causal)
{
    const int rank = tg_rank(q);
    tg_tensor s = tg_scale(tg_product(q, false, k, true), scale_of(tg_dim(q, rank - 1)));
    if (mask.tape)
        s = tg_add(s, mask);
    if (causal)
        s = tg_add(
            s, tg_triu(tg_full(q.tape, TG_SHAPE(tg_dim(q, rank - 2), tg_dim(k, rank - 2)), -(double)INFINITY), 1));
    return tg_softmax(s, -1);
}

static void vjp(tg_vjp *v)
{
    const bool causal = ((const options *)tg_vjp_attributes(v))->causal;
    const tg_tensor q = tg_input(v, 0), k = tg_input(v, 1), mask = tg_input(v, 3), g = tg_cotangent(v);
    const tg_tensor p = weights_of(q, k, mask, causal);
    const tg_tensor ds = tg_softmax_grad(p, tg_product(g, false, tg_input(v, 2), true), -1);
    const double scale = scale_of(tg_dim(q, tg_rank(q) - 1));
    tg_give(v, 0, tg_scale(tg_product(ds, false, k, false), scale));
    tg_give(v, 1, tg_scale(tg_product(ds, true, q, false), scale));
    tg_give(v, 2, tg_product(p, true, g, false));
    if (mask.tape)
        tg_give(v, 3, ds);
}

#define Q          TG_DRAWN(-1, 1, 3, { 2, 3, 2 })
#define K          TG_DRAWN(-1, 1, 3, { 2, 4, 2 })
#define V          TG_DRAWN(-1, 1, 3, { 2, 4, 3 })
#define CAUSAL(on) .attributes = &(const options){ on }, .attribute_bytes = sizeof(options)
static const tg_sample samples[] = {
    { .n = 4, .inputs = { Q, K, V, TG_DRAWN(-1, 1, 2, { 3, 4 }) }, CAUSAL(false) },
    { .n = 4, .inputs = { Q, K, V, { .kind = TG_SAMPLE_ABSENT } }, CAUSAL(true) },
};

const tg_op tg_op_attention = {
    .name = "attention",
    .arity = 4,
    .optional = 1u << 3,
    .order = TG_ORDER_ANY,
    .shape = shape,
    .forward = forward,
    .vjp = vjp,
    TG_SAMPLES(samples),
};

tg_tensor tg_attention(tg_tensor q, tg_tensor k, tg_tensor v, tg_tensor mask, bool causal)
{
    return tg_apply(&tg_op_attention, (tg_tensor[]){ q, k, v, mask }, 4, &(options){ causal }, sizeof(options));
}
