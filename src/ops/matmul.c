/* matmul.c - c = a b on the last two axes, leading axes broadcast;  da = g bᵀ, db = aᵀ g */
#include <string.h>

#include "core/tape.h"
#include "core/call.h"
#include "core/lookup.h"
#include "kernels/kernels.h"
#include "ops/elementwise.h"
#include "ops/product.h"

/* Which operand is stored transposed and read through strides, 0 or 1. Eight bytes, which a node holds without an
   allocation. */
typedef struct stored {
    int a, b;
} stored;

tg_tensor tg_product(tg_tensor a, bool a_transposed, tg_tensor b, bool b_transposed)
{
    const stored s = { .a = a_transposed, .b = b_transposed };
    return tg_apply2_with(&tg_op_matmul, a, b, &s, sizeof s);
}

/* Sizes of the last two axes as the product sees them. */
typedef struct matrix {
    int64_t rows, cols;
} matrix;

static matrix last_two(const tg_shape *s, int transposed)
{
    const int64_t m = s->dims[s->rank - 2], n = s->dims[s->rank - 1];
    return transposed ? (matrix){ n, m } : (matrix){ m, n };
}

/* The size of leading axis d of `rank` of them; 1 where s has no such axis. */
static int64_t leading(const tg_shape *s, int rank, int d)
{
    const int e = d - (rank - (s->rank - 2));
    return e < 0 ? 1 : s->dims[e];
}

/* The sizes over which operands of rank 1 or more are summed. */
static int64_t inner_of_left(const tg_shape *s)
{
    return s->dims[s->rank - 1];
}

static int64_t inner_of_right(const tg_shape *s)
{
    return s->dims[s->rank == 1 ? 0 : s->rank - 2];
}

static tg_status fail_inner(tg_call *c, int64_t a, int64_t b)
{
    return tg_call_fail(c, TG_ERR_SHAPE, "inner sizes %lld and %lld differ", (long long)a, (long long)b);
}

static tg_status shape(tg_call *c, tg_shape *out)
{
    const stored *t = tg_call_attributes(c);
    const tg_shape *sa = tg_call_dims(c, 0), *sb = tg_call_dims(c, 1);
    if (sa->rank == 0 || sb->rank == 0)
        return tg_call_fail(c, TG_ERR_SHAPE, "ranks %d and %d; a scalar has no axis to sum over", sa->rank, sb->rank);
    if (sa->rank == 1 || sb->rank == 1) /* vectors whose sizes fit come as matrices */
        return fail_inner(c, inner_of_left(sa), inner_of_right(sb));
    const matrix a = last_two(sa, t->a), b = last_two(sb, t->b);
    if (a.cols != b.rows)
        return fail_inner(c, a.cols, b.rows);
    const int rank = (sa->rank > sb->rank ? sa->rank : sb->rank) - 2;
    *out = (tg_shape){ .rank = rank + 2 };
    for (int d = 0; d < rank; d++) {
        const int64_t na = leading(sa, rank, d), nb = leading(sb, rank, d);
        if (na != nb && na != 1 && nb != 1)
            return tg_call_fail(c, TG_ERR_SHAPE,
                                "leading sizes %lld and %lld do not broadcast; equal ones or a 1 would",
                                (long long)na, (long long)nb);
        out->dims[d] = na == 1 ? nb : na;
    }
    out->dims[rank] = a.rows;
    out->dims[rank + 1] = b.cols;
    return TG_OK;
}

/* Forward --------------------------------------------------------------------------------------------------------- */

/* The products of a batch: one gemm, and the steps of its operands along the leading axes, 0 where broadcast. */
typedef struct batch {
    const tg_tape *tape;
    tg_gemm one;
    void *scratch; /* for each of them in turn, NULL if they need none */
    int rank;
    int64_t dims[TG_MAX_RANK], a[TG_MAX_RANK], b[TG_MAX_RANK];
} batch;

static const void *at(const void *p, int64_t elements, size_t element)
{
    return (const char *)p + (size_t)elements * element;
}

static void multiply(void *context, int64_t i)
{
    const batch *p = context;
    const size_t element = p->tape->element;
    tg_gemm g = p->one;
    int64_t a = 0, b = 0, rest = i;
    for (int d = p->rank - 1; d >= 0; rest /= p->dims[d--]) {
        a += rest % p->dims[d] * p->a[d];
        b += rest % p->dims[d] * p->b[d];
    }
    g.a = at(g.a, a, element);
    g.b = at(g.b, b, element);
    g.c = (char *)g.c + (size_t)(i * g.m * g.n) * element;
    g.init = g.init ? g.c : NULL;
    tg_gemm_run(p->tape->kernels, p->tape->dtype, &g, p->scratch);
}

static void leading_steps(const tg_shape *s, const batch *p, int64_t *steps)
{
    int64_t step = s->dims[s->rank - 2] * s->dims[s->rank - 1];
    for (int d = p->rank - 1; d >= 0; d--) {
        const int64_t n = leading(s, p->rank, d);
        steps[d] = n == 1 ? 0 : step;
        step *= n;
    }
}

/* n products, of which the first is g. Large and long ones are computed one after the other, each by all threads; others at
   the same time, without scratch. */
static tg_status multiply_all(tg_call *c, const tg_gemm *g, int64_t n)
{
    const tg_shape *out = &c->node->extent->shape;
    batch p = { .tape = c->tape, .one = *g, .rank = out->rank - 2 };
    memcpy(p.dims, out->dims, sizeof p.dims);
    leading_steps(tg_call_dims(c, 0), &p, p.a);
    leading_steps(tg_call_dims(c, 1), &p, p.b);
    const bool by_all = g->k > TG_GEMM_LONG || tg_gemm_is_large(c->tape->dtype, g);
    if (by_all && !tg_call_gemm_scratch(c, g, &p.scratch))
        return TG_ERR_MEMORY;
    if (p.scratch)
        for (int64_t i = 0; i < n; i++)
            multiply(&p, i);
    else
        tg_parallel(n, multiply, &p);
    return TG_OK;
}

static tg_status forward(tg_call *c)
{
    const stored *t = tg_call_attributes(c);
    const matrix a = last_two(tg_call_dims(c, 0), t->a), b = last_two(tg_call_dims(c, 1), t->b);
    int64_t n = c->node->extent->shape.rank == 2 ? 1 : c->node->extent->size / (a.rows * b.cols);
    tg_gemm g = { .m = a.rows,
                  .n = b.cols,
                  .k = a.cols,
                  .a = tg_call_value(c, 0),
                  .a_row = t->a ? 1 : a.cols,
                  .a_col = t->a ? a.rows : 1,
                  .b = tg_call_value(c, 1),
                  .b_row = t->b ? 1 : b.cols,
                  .b_col = t->b ? b.rows : 1,
                  .c = c->out,
                  .c_row = b.cols,
                  .init = c->accumulate ? c->out : NULL,
                  .init_row = b.cols };
    if (!t->a && tg_call_size(c, 1) == b.rows * b.cols) { /* leading axes are more rows */
        g.m *= n;
        n = 1;
    }
    return n == 1 ? tg_call_gemm(c, &g) : multiply_all(c, &g, n);
}

/* Reverse --------------------------------------------------------------------------------------------------------- */

static void vjp(tg_vjp *v)
{
    const stored *t = tg_vjp_attributes(v);
    tg_tensor a = tg_input(v, 0), b = tg_input(v, 1), g = tg_cotangent(v);
    tg_give(v, 0, t->a ? tg_product(b, t->b, g, true) : tg_product(g, false, b, !t->b));
    if (!t->a && tg_rank(b) == 2) { /* one product over all rows of the batch, not a batch of products */
        a = tg_folded(a);
        g = tg_folded(g);
    }
    tg_give(v, 1, t->b ? tg_product(g, true, a, t->a) : tg_product(a, !t->a, g, false));
}

static const tg_sample samples[] = {
#define OF(a_rank, a_dims, b_rank, b_dims, ...)                                                                      \
    {                                                                                                                \
        .n = 2, .inputs = { { .shape = { a_rank, a_dims } }, { .shape = { b_rank, b_dims } } },                      \
        .attributes = &(const stored){ __VA_ARGS__ }, .attribute_bytes = sizeof(stored)                              \
    }
#define DIMS(...)                                                                                                    \
    {                                                                                                                \
        __VA_ARGS__                                                                                                  \
    }
    OF(2, DIMS(2, 3), 2, DIMS(3, 4), false, false),    OF(2, DIMS(3, 2), 2, DIMS(3, 4), true, false),
    OF(3, DIMS(2, 2, 3), 2, DIMS(4, 3), false, true),  OF(2, DIMS(3, 2), 2, DIMS(4, 3), true, true),
    OF(3, DIMS(2, 2, 3), 2, DIMS(3, 2), false, false), OF(3, DIMS(2, 2, 3), 4, DIMS(3, 1, 3, 2), false, false),
    OF(3, DIMS(2, 3, 2), 2, DIMS(3, 2), true, false),
};

const tg_op tg_op_matmul = {
    .name = "matmul",
    .arity = 2,
    .flags = TG_OP_ACCUMULATES,
    .order = TG_ORDER_ANY,
    .shape = shape,
    .forward = forward,
    .vjp = vjp,
    TG_SAMPLES(samples),
};

/* In a vjp, a tg_transpose that the vjp itself called is not evaluated: its input is read through strides. Elsewhere the
   transpose is a tensor of the user's, whose gradient may be asked for. */
static tg_tensor untransposed(tg_tensor x, int *transposed)
{
    const tg_tape *t = x.tape;
    const bool deferred =
        t && t->mode >= TG_DEFERRING && t->status == TG_OK && x.id >= t->deferred_from && x.id <= t->count;
    *transposed = deferred && tg_node_at(t, x.id)->op == &tg_op_transpose && tg_node_at(t, x.id)->epoch == x.epoch;
    return *transposed ? tg_handle(x.tape, tg_node_inputs(tg_node_at(t, x.id))[0]) : x;
}

/* With vectors as matrices of one row or column, and the axis of size 1 taken out of the result again. */
static tg_tensor of_vectors(tg_tensor a, tg_tensor b)
{
    const bool row = tg_rank(a) == 1, column = tg_rank(b) == 1;
    const tg_tensor y = tg_matmul(row ? tg_unsqueeze(a, 0) : a, column ? tg_unsqueeze(b, 1) : b);
    const tg_tensor z = column ? tg_squeeze(y, -1) : y;
    return row ? tg_squeeze(z, column ? -1 : -2) : z;
}

/* Whether one of them is a vector, and the product exists. Not on a closed tape: tg_rank gives 0 there. */
static bool fit_as_vectors(tg_tensor a, tg_tensor b)
{
    const tg_node *na = a.tape ? tg_node_find(a.tape, a) : NULL, *nb = na ? tg_node_find(a.tape, b) : NULL;
    if (!na || !nb || a.tape->closed)
        return false;
    const tg_shape *sa = &na->extent->shape, *sb = &nb->extent->shape;
    const bool vectors = (sa->rank == 1 && sb->rank > 0) || (sb->rank == 1 && sa->rank > 0);
    return vectors && inner_of_left(sa) == inner_of_right(sb);
}

tg_tensor tg_matmul(tg_tensor a, tg_tensor b)
{
    stored s;
    if (fit_as_vectors(a, b))
        return of_vectors(a, b);
    a = untransposed(a, &s.a);
    b = untransposed(b, &s.b);
    return tg_product(a, s.a, b, s.b);
}
