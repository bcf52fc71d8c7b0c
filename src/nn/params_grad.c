/* params_grad.c - a parameter set's gradients: unset, merged, measured, clipped. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "core/platform.h"
#include "core/status.h"
#include "nn/cut.h"
#include "nn/params.h"
#include "tapegrad/tape.h"

void tg_params_zero_fill(tg_parameter *q, tg_dtype dtype)
{
    if (!q->is_set && q->extent.size > 0)
        memset(q->sink.grad, 0, (size_t)q->extent.size * tg_dtype_size(dtype));
}

tg_status tg_params_check_grads(const tg_params *p, const char *what, tg_error *err)
{
    if (!p->invalid)
        return TG_OK;
    return tg_error_raise(err, TG_ERR_STATE,
                          "%s: a backward failed and left the gradients incomplete; call tg_params_zero_grad and run "
                          "the model again",
                          what);
}

void *tg_params_grads(tg_params *p, int64_t *count)
{
    if (count)
        *count = p ? p->length : 0;
    if (!p)
        return NULL;
    for (int i = 0; i < p->n; i++) {
        tg_params_zero_fill(&p->at[i], p->dtype);
        p->at[i].is_set = 1;
    }
    return p->grads;
}

void tg_params_zero_grad(tg_params *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->n; i++)
        p->at[i].is_set = 0;
    p->invalid = false;
}

bool tg_params_has_grad(const tg_params *p, int i)
{
    return p && i >= 0 && i < p->n && p->at[i].is_set;
}

/* Merge ------------------------------------------------------------------------------------------------------------ */

static tg_status check_grad(const tg_params *p, const tg_parameter *q, tg_tensor grad, tg_error *err)
{
    char text[192], other[192];
    if (!grad.tape)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "params_add_grad: the gradient for %s is the null tensor",
                              q->name);
    const tg_shape shape = tg_shape_of(grad);
    if (!tg_data(grad))
        return tg_error_raise(err, tg_tape_status(grad.tape),
                              "params_add_grad: the gradient for %s is a failed tensor: %s", q->name,
                              tg_tape_message(grad.tape));
    if (tg_tape_dtype(grad.tape) != p->dtype)
        return tg_error_raise(err, TG_ERR_DTYPE, "params_add_grad: a gradient of float%d for %s of float%d",
                              (int)tg_dtype_size(tg_tape_dtype(grad.tape)) * 8, q->name,
                              (int)tg_dtype_size(p->dtype) * 8);
    if (!tg_shape_equal(&shape, &q->extent.shape))
        return tg_error_raise(err, TG_ERR_SHAPE, "params_add_grad: a gradient of %s for %s of %s",
                              tg_shape_text(&shape, text, sizeof text), q->name,
                              tg_shape_text(&q->extent.shape, other, sizeof other));
    return TG_OK;
}

tg_status tg_params_add_grad(tg_params *p, int i, tg_tensor grad, tg_error *err)
{
    tg_status status = tg_params_check(p, i, "params_add_grad", err);
    if (status == TG_OK)
        status = tg_params_check_grads(p, "params_add_grad", err);
    if (status == TG_OK)
        status = check_grad(p, &p->at[i], grad, err);
    if (status != TG_OK)
        return status;
    tg_parameter *q = &p->at[i];
    tg_params_zero_fill(q, p->dtype);
    p->kernels->add(q->extent.size, tg_data(grad), q->sink.grad);
    q->is_set = 1;
    return tg_error_clear(err);
}

/* One pass over an array ------------------------------------------------------------------------------------------- */

typedef struct pass {
    const tg_params *set;
    tg_cut cut;
    void *data;
    double factor;
    double sums[TG_BLOCKS];
} pass;

static pass pass_over(const tg_params *p, const tg_parameter *q)
{
    return (pass){ .set = p, .cut = tg_cut_flat(q->extent.size), .data = q->sink.grad };
}

static void *block_at(const pass *w, int64_t i)
{
    return tg_params_element(w->set, w->data, i * w->cut.block);
}

static void sum_block(void *context, int64_t i)
{
    pass *w = context;
    w->sums[i] = w->set->kernels->sum_squares(tg_cut_size(w->cut, i), block_at(w, i));
}

static void scale_block(void *context, int64_t i)
{
    pass *w = context;
    w->set->kernels->scale(tg_cut_size(w->cut, i), w->factor, block_at(w, i));
}

/* Norm and clipping ------------------------------------------------------------------------------------------------ */

/* Whether a step will use the gradient. */
static bool counts(const tg_parameter *q)
{
    return q->is_set && !(q->flags & TG_PARAM_FROZEN);
}

static double sum_of_squares(const tg_params *p, const tg_parameter *q)
{
    pass w = pass_over(p, q);
    double sum = 0;
    tg_parallel_brief(w.cut.count, sum_block, &w);
    for (int64_t i = 0; i < w.cut.count; i++)
        sum += w.sums[i];
    return sum;
}

static double largest(const tg_parameter *q, double most)
{
    const double *g = q->sink.grad;
    for (int64_t i = 0; i < q->extent.size; i++)
        most = fmax(most, fabs(g[i]));
    return most;
}

/* The norm where squares are too large or too small for a double; those of float32 never are. All elements are scaled by
   the power of two, which is exact, that brings the largest into 1/2 .. 1. */
static TG_COLD double scaled_norm(const tg_params *p)
{
    double most = 0, sum = 0;
    for (int i = 0; i < p->n; i++)
        if (counts(&p->at[i]))
            most = largest(&p->at[i], most);
    if (most == 0 || isinf(most))
        return most;
    int exponent;
    frexp(most, &exponent);
    for (int i = 0; i < p->n; i++)
        for (int64_t k = 0; counts(&p->at[i]) && k < p->at[i].extent.size; k++) {
            const double g = ldexp(((const double *)p->at[i].sink.grad)[k], -exponent);
            sum += g * g;
        }
    return ldexp(sqrt(sum), exponent);
}

double tg_params_grad_norm(const tg_params *p)
{
    if (p && p->invalid)
        return nan("");
    double sum = 0;
    for (int i = 0; i < tg_params_count(p); i++)
        if (counts(&p->at[i]))
            sum += sum_of_squares(p, &p->at[i]);
    const double least = 1e-280; /* below it, squares may have lost digits */
    return p && p->dtype == TG_F64 && (sum < least || isinf(sum)) ? scaled_norm(p) : sqrt(sum);
}

static void scale(const tg_params *p, double factor)
{
    for (int i = 0; i < p->n; i++)
        if (counts(&p->at[i])) {
            pass w = pass_over(p, &p->at[i]);
            w.factor = factor;
            tg_parallel_brief(w.cut.count, scale_block, &w);
        }
}

/* A factor that is too small for the dtype is applied in several steps, powers of two. */
static void shrink(const tg_params *p, double norm, double max_norm)
{
    const bool single = p->dtype == TG_F32;
    const double least = single ? (double)FLT_MIN : DBL_MIN, step = single ? 0x1p-100 : 0x1p-1000;
    for (; max_norm / norm < least; norm *= step)
        scale(p, step);
    scale(p, max_norm / norm);
}

tg_status tg_params_clip_grad_norm(tg_params *p, double max_norm, double *norm, tg_error *err)
{
    const double before = tg_params_grad_norm(p);
    if (norm)
        *norm = before;
    if (!p)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "params_clip_grad_norm: the parameter set is NULL");
    if (!(max_norm > 0))
        return tg_error_raise(err, TG_ERR_ARGUMENT, "params_clip_grad_norm: max_norm = %g is not positive", max_norm);
    if (tg_params_check_grads(p, "params_clip_grad_norm", err) != TG_OK)
        return TG_ERR_STATE;
    if (!isfinite(before))
        return tg_error_raise(err, TG_ERR_NONFINITE,
                              "params_clip_grad_norm: the norm of the gradients is %g; nothing was scaled", before);
    if (before > max_norm)
        shrink(p, before, max_norm);
    return tg_error_clear(err);
}
