/* check_op.c - checking an operation by its own samples: every order and dtype that it has. */
#include <math.h>
#include <string.h>

#include "check/check.h"
#include "core/format.h"

enum { MOST = (int)(sizeof((tg_sample *)0)->inputs / sizeof(tg_sample_input)) };

typedef struct applied {
    const tg_op *op;
    const tg_sample *sample;
} applied;

static tg_tensor apply(tg_tape *tape, const tg_tensor *inputs, void *context)
{
    (void)tape;
    const applied *a = context;
    tg_tensor args[MOST] = { 0 };
    for (int i = 0; i < a->sample->n; i++)
        if (a->sample->inputs[i].kind != TG_SAMPLE_ABSENT)
            args[i] = *inputs++;
    return tg_apply(a->op, args, a->sample->n, a->sample->attributes, a->sample->attribute_bytes);
}

static double draw(const tg_sample_input *in, tg_rng *rng)
{
    if (in->kind == TG_SAMPLE_MASK)
        return (double)tg_rng_below(rng, 2);
    const bool unset = in->lo == 0 && in->hi == 0;
    return tg_rng_between(rng, unset ? -2 : in->lo, unset ? 2 : in->hi);
}

/* Draws the inputs that are not absent; returns how many, or -1 without memory. The caller releases *values. */
static int draw_inputs(const tg_sample *s, tg_rng *rng, const tg_allocator *allocator, tg_gradcheck_input *inputs,
                       double **values, size_t *bytes)
{
    int64_t total = 0;
    for (int i = 0; i < s->n; i++)
        total += s->inputs[i].kind == TG_SAMPLE_ABSENT ? 0 : tg_shape_size(&s->inputs[i].shape);
    *bytes = (size_t)total * sizeof(double);
    double *next = *values = tg_allocate(allocator, *bytes);
    int n = 0;
    for (int i = 0; i < s->n && next; i++) {
        const tg_sample_input *in = &s->inputs[i];
        if (in->kind == TG_SAMPLE_ABSENT)
            continue;
        inputs[n++] =
            (tg_gradcheck_input){ .shape = in->shape, .values = next, .constant = in->kind == TG_SAMPLE_MASK };
        for (int64_t k = tg_shape_size(&in->shape); k > 0; k--)
            *next++ = draw(in, rng);
    }
    return next ? n : -1;
}

static tg_status check_sample(const tg_op *op, const tg_sample *s, const tg_gradcheck_config *config,
                              tg_gradcheck_report *report)
{
    const tg_allocator allocator = tg_allocator_or_default(config->allocator);
    tg_gradcheck_input inputs[MOST] = { { 0 } };
    double *values;
    size_t bytes;
    tg_rng rng = tg_rng_seed(config->seed);
    rng = tg_rng_stream(&rng, (uint64_t)(s - op->samples) + 1);
    const int n = draw_inputs(s, &rng, &allocator, inputs, &values, &bytes);
    if (n < 0)
        return tg_check_fail(report, TG_ERR_MEMORY, "gradcheck: no memory for a sample");
    applied a = { op, s };
    const tg_status status = tg_gradcheck(apply, &a, inputs, n, config, report);
    tg_release(&allocator, values, bytes);
    return status;
}

/* Puts "tanh, sample 1, order 2, float32: " before the text. */
static void prefix(tg_gradcheck_report *report, const tg_op *op, int sample, const tg_gradcheck_config *k)
{
    char text[sizeof report->text];
    tg_format(text, sizeof text, "%s, sample %d, order %d, float%d: %.600s", op->name, sample, k->order,
              k->float32 ? 32 : 64, report->text);
    memcpy(report->text, text, sizeof text);
}

/* What is wrong with an input of a sample; NULL if nothing is. */
static const char *fault_of(const tg_sample_input *in)
{
    if (in->kind == TG_SAMPLE_ABSENT)
        return NULL;
    if (tg_shape_size(&in->shape) < 0)
        return "no shape: a rank that is not in 0 .. 8, a negative size, or more elements than memory can "
               "hold";
    if (in->kind != TG_SAMPLE_REAL && in->kind != TG_SAMPLE_MASK)
        return "an unknown kind";
    return in->lo <= in->hi && isfinite(in->lo) && isfinite(in->hi) ? NULL
                                                                    : "lo and hi that are not finite and in order";
}

static tg_status check_shapes(const tg_op *op, int sample, tg_gradcheck_report *report)
{
    const tg_sample *s = &op->samples[sample];
    int64_t total = 0;
    for (int i = 0; i < s->n; i++) {
        const char *fault = fault_of(&s->inputs[i]);
        if (fault)
            return tg_check_fail(report, TG_ERR_SHAPE, "gradcheck: input %d of sample %d of %s has %s", i, sample,
                                 op->name, fault);
        total += s->inputs[i].kind == TG_SAMPLE_ABSENT ? 0 : tg_shape_size(&s->inputs[i].shape);
    }
    if (total > PTRDIFF_MAX / (int64_t)sizeof(double))
        return tg_check_fail(report, TG_ERR_SHAPE,
                             "gradcheck: sample %d of %s has more elements than memory can hold", sample, op->name);
    return TG_OK;
}

static tg_status refuse(const tg_op *op, tg_gradcheck_report *report)
{
    if (!op)
        return tg_check_fail(report, TG_ERR_ARGUMENT, "gradcheck: the operation is NULL");
    if (!op->name)
        return tg_check_fail(report, TG_ERR_ARGUMENT, "gradcheck: the operation has no name");
    if (op->order == TG_ORDER_NONE || !op->vjp)
        return tg_check_fail(report, TG_ERR_NOT_DIFFERENTIABLE, "gradcheck: %s has no derivative to check", op->name);
    if (op->n_samples < 1 || !op->samples)
        return tg_check_fail(report, TG_ERR_ARGUMENT, "gradcheck: %s has no samples to be checked on", op->name);
    for (int i = 0; i < op->n_samples; i++)
        if (op->samples[i].n < 1 || op->samples[i].n > MOST)
            return tg_check_fail(report, TG_ERR_ARGUMENT, "gradcheck: sample %d of %s has %d inputs, not 1 .. %d", i,
                                 op->name, op->samples[i].n, MOST);
    tg_status status = TG_OK;
    for (int i = 0; i < op->n_samples && status == TG_OK; i++)
        status = check_shapes(op, i, report);
    return status;
}

tg_status tg_check_op(const tg_op *op, const tg_gradcheck_config *config, tg_gradcheck_report *report)
{
    if (!report)
        return TG_ERR_ARGUMENT;
    *report = (tg_gradcheck_report){ 0 };
    tg_status status = refuse(op, report);
    if (status != TG_OK)
        return status;
    tg_gradcheck_result all = { 0 };
    const int orders = op->order >= TG_ORDER_ANY ? 2 : 1;
    const int checks = op->n_samples * orders * 2;
    for (int i = 0; i < checks; i++) {
        tg_gradcheck_config k = config ? *config : (tg_gradcheck_config){ 0 };
        const int sample = i / (orders * 2);
        k.order = 1 + i / 2 % orders;
        k.float32 = i % 2;
        k.each = NULL;
        status = check_sample(op, &op->samples[sample], &k, report);
        tg_check_add(&all, &report->all);
        if (status != TG_OK || !report->passed) {
            prefix(report, op, sample, &k);
            report->all = all;
            return status;
        }
    }
    report->all = all;
    tg_check_fail(report, TG_OK, "%s: passed %d checks of %d sample%s: %lld elements, largest relative error %.3g",
                  op->name, checks, op->n_samples, op->n_samples == 1 ? "" : "s", (long long)all.n_checked,
                  all.max_relative);
    return TG_OK;
}
