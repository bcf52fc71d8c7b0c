/* table.c - one table of loops; compiled once for each instruction set and dtype. */
#include "kernels/gemm.h"
#include "kernels/map.h"

#define OP(file, name)
#define LOOP(file, name) tg_loop_fn TG_LOOP_SYMBOL(name);
#include "ops/ops.list"
#undef OP
#undef LOOP

static tg_loop_fn *const loops[TG_INDEX_COUNT] = {
#define OP(file, name)
#define LOOP(file, name) [TG_INDEX_##name] = TG_LOOP_SYMBOL(name),
#include "ops/ops.list"
#undef OP
#undef LOOP
};

static void add(int64_t n, const void *x, void *y)
{
    const real *a = x;
    real *b = y;
    for (int64_t i = 0; i < n; i++)
        b[i] += a[i];
}

static void scale(int64_t n, double c, void *y)
{
    real *b = y;
    for (int64_t i = 0; i < n; i++)
        b[i] *= (real)c;
}

static double sum_squares(int64_t n, const void *x)
{
    const real *a = x;
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)a[i];
    return sum;
}

static bool all_finite(int64_t n, const void *x)
{
    const real *a = x;
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(a[i]))
            return false;
    return true;
}

static void sgd(int64_t n, const tg_sgd_step *s)
{
    real *w = s->w, *v = s->velocity;
    const real *grad = s->g;
    const real lr = (real)s->lr, mu = (real)s->momentum, damp = (real)(1 - s->dampening),
               decay = (real)s->weight_decay;
    for (int64_t i = 0; i < n; i++) {
        real g = grad[i] + decay * w[i];
        if (v) {
            v[i] = s->first ? g : mu * v[i] + damp * g;
            g = s->nesterov ? g + mu * v[i] : v[i];
        }
        w[i] -= lr * g;
    }
}

static void adam(int64_t n, const tg_adam_step *s)
{
    real *w = s->w, *m = s->m, *v = s->v;
    const real *grad = s->g;
    const real b1 = (real)s->beta1, b2 = (real)s->beta2, a1 = (real)(1 - s->beta1), a2 = (real)(1 - s->beta2);
    const real keep = (real)(1 - s->lr * s->decoupled_decay), step = (real)(s->lr / s->correction1);
    const real root = (real)(1 / sqrt(s->correction2)), eps = (real)s->eps;
    for (int64_t i = 0; i < n; i++) {
        real g = grad[i] + (real)s->weight_decay * w[i];
        m[i] = b1 * m[i] + a1 * g;
        v[i] = b2 * v[i] + a2 * g * g;
        w[i] = keep * w[i] - step * m[i] / ((real)sqrt((double)v[i]) * root + eps);
    }
}

extern const tg_kernels TG_PASTE(tg_kernels_, TG_TABLE);
const tg_kernels TG_PASTE(tg_kernels_, TG_TABLE) = {
    .name = TG_TEXT(TG_SET),
    .loop = loops,
    .gemm = TG_PASTE(tg_gemm_, TG_TABLE),
    .gemm_rows = TILE_ROWS,
    .gemm_columns = TILE_VECS * VL,
    .add = add,
    .scale = scale,
    .sum_squares = sum_squares,
    .all_finite = all_finite,
    .sgd = sgd,
    .adam = adam,
};
