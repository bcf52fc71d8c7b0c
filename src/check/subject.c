/* subject.c - what a check is carried out on: sets and their float64 copies, inputs, memory; all restored at the end. */
#include <math.h>
#include <string.h>

#include "check/check.h"
#include "core/config.h"

/* Zeroed memory until the checker is finished. */
void *tg_check_allocate(tg_checker *c, int64_t count, size_t element)
{
    void *p = NULL;
    const bool fits = count >= 0 && (uint64_t)count <= PTRDIFF_MAX / element && c->n_blocks < TG_CHECK_BLOCKS;
    if (fits)
        p = tg_allocate_zeroed(&c->allocator, (size_t)count * element);
    if (p)
        c->blocks[c->n_blocks++] = (struct tg_block){ p, (size_t)count * element };
    else
        tg_check_fail(c->report, TG_ERR_MEMORY, "gradcheck: no memory for %lld elements of %zu bytes",
                      (long long)count, element);
    return p;
}

/* A random weight of a magnitude in 1/2 .. 3/2, with so few bits that float32 holds it and sums of a few exactly. */
double tg_check_weight(tg_rng *rng)
{
    const double magnitude = 0.5 + (double)tg_rng_below(rng, 4096) / 4096;
    return tg_rng_below(rng, 2) ? magnitude : -magnitude;
}

/* The config ------------------------------------------------------------------------------------------------------- */

static bool is_positive(double x)
{
    return x > 0 && isfinite(x);
}

static tg_status take_config(tg_checker *c, const tg_gradcheck_config *given)
{
    tg_gradcheck_config *k = &c->config;
    if (given)
        *k = *given;
    if (!tg_allocator_is_complete(k->allocator))
        return tg_check_fail(c->report, TG_ERR_ARGUMENT, "gradcheck: the allocator's alloc or free is NULL");
    c->allocator = tg_allocator_or_default(k->allocator);
    if (k->rng)
        c->generator = *k->rng;
    c->rng = tg_rng_seed(k->seed);
    if (k->order == 0)
        k->order = 1;
    k->tolerance = tg_config_number(k->tolerance, k->float32 ? 1e-4 : 1e-6);
    k->epsilon = tg_config_number(k->epsilon, 1e-8);
    if (k->max_elements == 0)
        k->max_elements = 128;
    if (k->directions == 0)
        k->directions = 4;
    if (k->order < 1 || k->order > 2)
        return tg_check_fail(c->report, TG_ERR_ARGUMENT, "gradcheck: order %d is neither 1 nor 2", k->order);
    const double step = tg_config_number(k->step, 1);
    if (!is_positive(step))
        return tg_check_fail(c->report, TG_ERR_ARGUMENT, "gradcheck: step %g is not a positive number", step);
    if (!is_positive(k->tolerance) || !is_positive(k->epsilon))
        return tg_check_fail(c->report, TG_ERR_ARGUMENT,
                             "gradcheck: tolerance %g and epsilon %g must be positive numbers", k->tolerance,
                             k->epsilon);
    if (k->max_elements < 0 || k->directions < 0)
        return tg_check_fail(c->report, TG_ERR_ARGUMENT,
                             "gradcheck: max_elements %lld and directions %d must not be negative",
                             (long long)k->max_elements, k->directions);
    return TG_OK;
}

/* Sets ------------------------------------------------------------------------------------------------------------- */

/* *out is the set itself where it has the dtype, else a copy. */
static tg_status in_dtype(tg_checker *c, tg_params *set, tg_dtype dtype, tg_params **out)
{
    *out = set;
    if (tg_params_dtype(set) == dtype)
        return TG_OK;
    tg_error err;
    *out = tg_params_clone(set, dtype, &err);
    if (!*out)
        return tg_check_fail(c->report, err.status, "gradcheck: %s", err.text);
    c->owned[c->n_owned++] = *out;
    return TG_OK;
}

/* Keeps the gradients of a set, into which the check will run tg_backward. */
static tg_status keep(tg_checker *c, tg_params *set)
{
    tg_kept_set *k = &c->kept;
    k->grads = tg_check_allocate(c, set->length, tg_dtype_size(set->dtype));
    k->is_set = tg_check_allocate(c, set->n, 1);
    if (!k->grads || !k->is_set)
        return TG_ERR_MEMORY;
    memcpy(k->grads, set->grads, (size_t)set->length * tg_dtype_size(set->dtype));
    for (int i = 0; i < set->n; i++)
        k->is_set[i] = set->at[i].is_set;
    k->invalid = set->invalid;
    k->version = set->version;
    k->set = set;
    return TG_OK;
}

/* Values are restored by whoever moves them. The version may be restored, too: no tape but the checker's has used a
   newer one. */
static void restore(const tg_kept_set *k)
{
    if (!k->set)
        return;
    memcpy(k->set->grads, k->grads, (size_t)k->set->length * tg_dtype_size(k->set->dtype));
    for (int i = 0; i < k->set->n; i++)
        k->set->at[i].is_set = k->is_set[i];
    k->set->invalid = k->invalid;
    k->set->version = k->version;
}

static tg_status take_sets(tg_checker *c, tg_params *params)
{
    tg_status status = in_dtype(c, params, c->config.float32 ? TG_F32 : TG_F64, &c->typed.set);
    if (status == TG_OK)
        status = in_dtype(c, c->typed.set, TG_F64, &c->exact.set);
    return status == TG_OK && c->typed.set == params ? keep(c, params) : status;
}

static tg_status take_tapes(tg_checker *c)
{
    c->exact.tape = tg_tape_create_with(TG_F64, &c->allocator);
    c->typed.tape = tg_tape_create_with(c->config.float32 ? TG_F32 : TG_F64, &c->allocator);
    if (tg_tape_status(c->exact.tape) != TG_OK || tg_tape_status(c->typed.tape) != TG_OK)
        return tg_check_fail(c->report, TG_ERR_MEMORY, "gradcheck: no memory for a tape");
    tg_tape_set_training(c->exact.tape, !c->config.evaluation);
    tg_tape_set_training(c->typed.tape, !c->config.evaluation);
    return TG_OK;
}

/* Inputs ----------------------------------------------------------------------------------------------------------- */

static void add_input(tg_checker *c, tg_params *exact, int at, bool is_cotangent)
{
    const tg_shape shape = tg_params_shape(exact, at);
    c->inputs[c->n++] = (tg_checked){
        .name = tg_params_name(exact, at),
        .shape = shape,
        .size = tg_shape_size(&shape),
        .is_cotangent = is_cotangent,
        .at = at,
        .values = (double *)tg_params_values(exact, NULL) + tg_params_offset(exact, at),
    };
}

static tg_status take_inputs(tg_checker *c)
{
    const int n = tg_params_count(c->exact.set);
    c->inputs = tg_check_allocate(c, n + 1, sizeof *c->inputs);
    c->leaves = tg_check_allocate(c, 3 * (int64_t)(n + 1), sizeof *c->leaves);
    if (!c->inputs || !c->leaves)
        return TG_ERR_MEMORY;
    c->gradients = c->leaves + n + 1;
    c->outputs = c->gradients + n + 1;
    for (int i = 0; i < n; i++)
        if (!(tg_params_flags(c->exact.set, i) & TG_PARAM_FROZEN))
            add_input(c, c->exact.set, i, false);
    c->n_first = c->n;
    if (c->n == 0)
        return tg_check_fail(c->report, TG_ERR_ARGUMENT, "gradcheck: there is no input that takes a gradient");
    return TG_OK;
}

/* At order 2 the cotangent of y, which has y's shape, becomes an input, too. */
static tg_status take_cotangent(tg_checker *c)
{
    const tg_param_spec spec = { .name = "cotangent", .shape = tg_shape_of(c->outputs[0]) };
    tg_error err;
    tg_params *set = tg_params_create_with(tg_tape_dtype(c->typed.tape), &spec, 1, &c->allocator, &err);
    if (!set)
        return tg_check_fail(c->report, err.status, "gradcheck: %s", err.text);
    c->owned[c->n_owned++] = set;
    c->typed.cotangent = set;
    const tg_status status = in_dtype(c, set, TG_F64, &c->exact.cotangent);
    if (status != TG_OK)
        return status;
    const int64_t n = tg_params_size(set);
    double *values = tg_params_values(c->exact.cotangent, NULL);
    for (int64_t i = 0; i < n; i++)
        values[i] = tg_check_weight(&c->rng);
    if (set != c->exact.cotangent)
        tg_params_copy(set, c->exact.cotangent, NULL);
    add_input(c, c->exact.cotangent, 0, true);
    return TG_OK;
}

static double mean_magnitude(const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += fabs(x[i]) / (double)n;
    return sum;
}

/* Arrays over all elements of the outputs (three) and of the inputs (two; in float32 four). */
static tg_status allocate_arrays(tg_checker *c)
{
    for (int k = 0; k < c->n_outputs; k++)
        c->n_values += tg_size(c->outputs[k]);
    for (int i = 0; i < c->n; i++)
        c->n_gradients += c->inputs[i].size;
    c->weights = tg_check_allocate(c, c->n_values, 3 * sizeof(double));
    const bool float32 = c->config.float32;
    c->gradient = tg_check_allocate(c, c->n_gradients, (float32 ? 4 : 2) * sizeof(double));
    if (!c->weights || !c->gradient)
        return TG_ERR_MEMORY;
    c->base = c->weights + c->n_values;
    c->moved = c->base + c->n_values;
    for (int64_t j = 0; j < c->n_values; j++)
        c->weights[j] = tg_check_weight(&c->rng);
    double *gradient = c->gradient, *origin = c->gradient + c->n_gradients;
    for (int i = 0; i < c->n; i++) {
        tg_checked *in = &c->inputs[i];
        in->gradient = in->exact = gradient;
        in->origin = origin;
        if (float32) {
            in->exact = gradient + 2 * c->n_gradients;
            in->perturbed = gradient + 3 * c->n_gradients;
        }
        gradient += in->size;
        origin += in->size;
        memcpy(in->origin, in->values, (size_t)in->size * sizeof(double));
        in->mean = mean_magnitude(in->origin, in->size);
    }
    return TG_OK;
}

/* Create and destroy ----------------------------------------------------------------------------------------------- */

tg_status tg_checker_init(tg_checker *c, tg_params *params, tg_gradcheck_model *model, void *context,
                          const tg_gradcheck_config *config, tg_gradcheck_report *report)
{
    *c = (tg_checker){ .model = model, .context = context, .report = report };
    tg_status status = take_config(c, config);
    if (status == TG_OK)
        status = take_sets(c, params);
    if (status == TG_OK)
        status = take_inputs(c);
    if (status == TG_OK)
        status = take_tapes(c);
    if (status == TG_OK)
        status = tg_check_build(c, &c->exact, 0); /* tells the shape of y */
    if (status == TG_OK && c->config.order == 2) {
        status = take_cotangent(c);
        if (status == TG_OK)
            status = tg_check_build(c, &c->exact, 0); /* tells those of its gradients */
    }
    return status == TG_OK ? allocate_arrays(c) : status;
}

void tg_checker_finish(tg_checker *c)
{
    tg_tape_destroy(c->exact.tape);
    tg_tape_destroy(c->typed.tape);
    while (c->n_owned > 0)
        tg_params_destroy(c->owned[--c->n_owned]);
    restore(&c->kept);
    while (c->n_blocks > 0) {
        const struct tg_block *b = &c->blocks[--c->n_blocks];
        tg_release(&c->allocator, b->p, b->size);
    }
    if (c->config.rng)
        *c->config.rng = c->generator;
}
