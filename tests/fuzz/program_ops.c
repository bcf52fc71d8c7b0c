/* program_ops.c - steps that make tensors: leaves, and every operation, by its own function and through tg_apply. */
#include "program.h"

/* Leaves ---------------------------------------------------------------------------------------------------------- */

static bool has_data(const tg_shape *s)
{
    return tg_shape_size(s) <= DATA;
}

static void variable(program *p)
{
    const tg_shape s = draw_shape(p);
    const unsigned b = draw(p);
    tg_tape *t = tape_of(p);
    if (!has_data(&s))
        take(p, tg_variable(t, s, (const void *)NULL));
    else if (b % 2)
        take(p, tg_variable(t, s, b % 64 == 63 ? NULL : draw_f64(p)));
    else
        take(p, tg_variable(t, s, draw_f32(p)));
}

static void constant(program *p)
{
    const tg_shape s = draw_shape(p);
    const unsigned b = draw(p);
    tg_tape *t = tape_of(p);
    if (!has_data(&s))
        take(p, tg_constant(t, s, (const void *)NULL));
    else if (b % 2)
        take(p, tg_constant(t, s, draw_f64(p)));
    else
        take(p, tg_constant(t, s, draw_f32(p)));
}

static void full(program *p)
{
    const tg_shape s = draw_shape(p);
    take(p, tg_full(tape_of(p), s, draw_number(p)));
}

static void wrap(program *p)
{
    const tg_shape s = draw_shape(p);
    const bool is_wide = (tg_tape_dtype(tape_of(p)) == TG_F64) != (draw(p) >= 240);
    if (!has_data(&s))
        take(p, tg_wrap(tape_of(p), s, (const double *)NULL));
    else if (is_wide)
        take(p, tg_wrap(tape_of(p), s, draw_f64(p)));
    else
        take(p, tg_wrap(tape_of(p), s, draw_f32(p)));
}

static void detach(program *p)
{
    take(p, tg_detach(pick(p)));
}

const step leaf_steps[] = { STEP(variable, 0), STEP(constant, 0), STEP(full, 0),
                            STEP(wrap, 0),     STEP(detach, 0),   STEP(variable, 0) };
const int n_leaf_steps = sizeof leaf_steps / sizeof leaf_steps[0];

/* Operations of like arguments ------------------------------------------------------------------------------------ */

#define COUNT(table) (sizeof table / sizeof table[0])

static void unary(program *p)
{
    static tg_tensor (*const all[])(tg_tensor) = {
        tg_neg, tg_exp,  tg_log,  tg_log1p, tg_sqrt, tg_reciprocal, tg_square,    tg_abs,  tg_sin,
        tg_cos, tg_tanh, tg_relu, tg_silu,  tg_erf,  tg_sigmoid,    tg_transpose, tg_gelu, tg_softplus,
    };
    const unsigned i = draw_below(p, COUNT(all));
    take(p, all[i](pick(p)));
}

static void by_number(program *p)
{
    static tg_tensor (*const all[])(tg_tensor, double) = { tg_leaky_relu, tg_elu, tg_pow_scalar, tg_scale, tg_shift };
    const unsigned i = draw_below(p, COUNT(all));
    const tg_tensor x = pick(p);
    take(p, all[i](x, draw_number(p)));
}

static void binary(program *p)
{
    static tg_tensor (*const all[])(tg_tensor, tg_tensor) = {
        tg_add, tg_mul, tg_sub, tg_div, tg_pow, tg_maximum, tg_minimum, tg_matmul, tg_matmul,
    };
    const unsigned i = draw_below(p, COUNT(all));
    const tg_tensor a = pick(p);
    take(p, all[i](a, pick(p)));
}

static void reduction(program *p)
{
    static tg_tensor (*const all[])(tg_tensor, int, bool) = { tg_sum, tg_mean, tg_max, tg_min, tg_logsumexp };
    const unsigned b = draw(p);
    const tg_tensor x = pick(p);
    take(p, all[b % COUNT(all)](x, draw_axis(p), b >= 128));
}

static void along(program *p)
{
    static tg_tensor (*const all[])(tg_tensor, int) = { tg_softmax, tg_log_softmax };
    const unsigned i = draw_below(p, COUNT(all));
    const tg_tensor x = pick(p);
    take(p, all[i](x, draw_axis(p)));
}

static tg_reduction draw_reduction(program *p)
{
    const unsigned b = draw(p);
    return b < 250 ? (tg_reduction)(b % 3) : (tg_reduction)b;
}

static void loss(program *p)
{
    static tg_tensor (*const all[])(tg_tensor, tg_tensor, tg_reduction) = {
        tg_mse_loss,
        tg_bce_with_logits,
        tg_cross_entropy_probs,
    };
    const unsigned i = draw_below(p, COUNT(all));
    const tg_tensor x = pick(p), y = draw(p) % 4 ? x : pick(p);
    take(p, all[i](x, y, draw_reduction(p)));
}

/* Those with arguments of their own ------------------------------------------------------------------------------- */

static void clamp(program *p)
{
    const tg_tensor x = pick(p);
    const double lo = draw_number(p);
    take(p, tg_clamp(x, lo, draw_number(p)));
}

static void where(program *p)
{
    const tg_tensor c = pick(p), a = pick(p);
    take(p, tg_where(c, a, pick(p)));
}

static void var(program *p)
{
    const unsigned b = draw(p);
    const tg_tensor x = pick(p);
    const int axis = draw_axis(p);
    take(p, tg_var(x, axis, draw_number(p), b % 2));
}

static void reshape(program *p)
{
    const tg_tensor x = pick(p);
    tg_shape s = draw_shape(p);
    if (draw(p) % 2 && tg_is_valid(x)) /* one that fits */
        s = draw(p) % 2 ? TG_SHAPE(-1) : TG_SHAPE(1, tg_size(x), 1);
    take(p, tg_reshape(x, s));
}

static void permute(program *p)
{
    const tg_tensor x = pick(p);
    const unsigned shift = draw(p);
    const int rank = tg_is_valid(x) ? tg_rank(x) : 1;
    int axes[TG_MAX_RANK] = { 0 };
    for (int i = 0; i < rank; i++)
        axes[i] = shift < 224 ? (int)((i + shift) % (unsigned)rank) - (shift % 2 ? rank : 0) : draw_axis(p);
    take(p, tg_permute(x, shift == 255 ? NULL : axes));
}

static void slice(program *p)
{
    static const int64_t bounds[] = { 0, 1, 2, 3, -1, -2, 0, 5, INT64_MAX, INT64_MIN };
    const tg_tensor x = pick(p);
    const int axis = draw_axis(p);
    const int64_t start = bounds[draw_below(p, COUNT(bounds))];
    take(p, tg_slice(x, axis, start, bounds[draw_below(p, COUNT(bounds))]));
}

static void concat(program *p)
{
    tg_tensor xs[8] = { 0 };
    const unsigned b = draw(p);
    const int n = b < 240 ? (int)(b % 6) : -1;
    for (int i = 0; i < n; i++)
        xs[i] = i && b % 2 ? xs[0] : pick(p);
    take(p, tg_concat(b == 255 ? NULL : xs, n, draw_axis(p)));
}

static void to_shape(program *p)
{
    const tg_tensor x = pick(p);
    const unsigned b = draw(p);
    tg_shape s = draw_shape(p);
    if (b >= 128 && tg_is_valid(x)) { /* of another's shape, or of one that the tensor has with more in front */
        const tg_tensor other = pick(p);
        s = tg_is_valid(other) ? tg_shape_of(other) : s;
    }
    take(p, b % 2 ? tg_broadcast_to(x, s) : tg_sum_to(x, s));
}

static void gather_rows(program *p)
{
    static const int64_t counts[] = { 0, 1, 2, 5, 40, -1, INT64_MIN, INT64_MAX };
    const tg_tensor x = pick(p);
    const unsigned b = draw(p);
    const int64_t n = counts[b % 8];
    take(p, tg_gather_rows(x, b >= 240 || n > DATA ? NULL : draw_indices(p), n));
}

static void linear(program *p)
{
    const tg_tensor x = pick(p), w = pick(p);
    take(p, tg_linear(x, w, draw(p) % 2 ? pick(p) : (tg_tensor){ 0 }));
}

static void cross_entropy(program *p)
{
    const tg_tensor x = pick(p);
    const bool fits = tg_is_valid(x) && tg_rank(x) == 2 && tg_dim(x, 0) > DATA;
    const int32_t *labels = fits ? NULL : draw_indices(p);
    take(p, tg_cross_entropy(x, labels, draw_reduction(p)));
}

static void layer_norm(program *p)
{
    const tg_tensor x = pick(p);
    const tg_tensor gain = draw(p) % 2 ? pick(p) : (tg_tensor){ 0 }, bias = draw(p) % 2 ? pick(p) : (tg_tensor){ 0 };
    take(p, tg_layer_norm(x, gain, bias, draw_number(p)));
}

static void dropout(program *p)
{
    const tg_tensor x = pick(p);
    const double rate = draw_number(p);
    take(p, tg_dropout(x, rate, draw(p) >= 240 ? NULL : &p->rng));
    take_bytes(p, &p->rng.position, sizeof p->rng.position);
}

static void argmax(program *p)
{
    int32_t out[64];
    const tg_tensor x = pick(p);
    const int axis = draw_axis(p);
    const int64_t n = draw_below(p, 64);
    const tg_status status = tg_argmax(x, axis, out, n);
    if (x.tape)
        take_status(p, x.tape, status);
    if (status == TG_OK)
        take_bytes(p, out, (size_t)n * sizeof out[0]);
}

/* Of the registry ------------------------------------------------------------------------------------------------- */

/* An operation on inputs of a sample, with the sample's attributes. */
static void sampled(program *p)
{
    const tg_op *op = tg_op_at((int)draw_below(p, (unsigned)tg_op_count()));
    const tg_sample *s = op->n_samples ? &op->samples[draw_below(p, (unsigned)op->n_samples)] : NULL;
    tg_tensor inputs[4] = { { 0 } };
    for (int i = 0; s && i < s->n; i++)
        if (s->inputs[i].kind != TG_SAMPLE_ABSENT)
            inputs[i] = tg_variable(tape_of(p), s->inputs[i].shape, draw_f64(p));
    const unsigned b = draw(p);
    const bool has_number = s && s->attribute_bytes == sizeof(double);
    const double number = has_number ? draw_number(p) : 0;
    if (s)
        take(p, tg_apply(op, inputs, s->n, has_number && b % 2 ? &number : s->attributes, s->attribute_bytes));
}

/* An operation without attributes on any inputs, and any number of them. */
static void applied(program *p)
{
    const tg_op *op = tg_op_at((int)draw_below(p, (unsigned)tg_op_count()));
    const unsigned b = draw(p);
    const int n = b < 240 && op->arity > 0 ? op->arity : (int)(b % 7) - 1;
    tg_tensor inputs[6] = { { 0 } };
    bool has_tape = false;
    for (int i = 0; i < n; i++)
        has_tape |= (inputs[i] = b % 16 == 15 ? pick_any(p) : pick(p)).tape != NULL;
    if (op->n_samples && op->samples[0].attribute_bytes)
        take(p, tg_apply(op, inputs, n, NULL, 0)); /* refused */
    else
        take(p, tg_apply(b == 255 ? NULL : op, inputs, n, NULL, 0));
    FUZZ_CHECK(!has_tape || p->step);
}

const step op_steps[] = {
    STEP(unary, 0),   STEP(by_number, 0),     STEP(binary, 0),     STEP(reduction, 0), STEP(along, 0),
    STEP(loss, 0),    STEP(clamp, 0),         STEP(where, 0),      STEP(var, 0),       STEP(reshape, 0),
    STEP(permute, 0), STEP(slice, 0),         STEP(concat, 0),     STEP(to_shape, 0),  STEP(gather_rows, 0),
    STEP(linear, 0),  STEP(cross_entropy, 0), STEP(layer_norm, 0), STEP(dropout, 0),   STEP(argmax, 0),
    STEP(sampled, 0), STEP(applied, 0),       STEP(binary, 0),     STEP(unary, 0),
};
const int n_op_steps = sizeof op_steps / sizeof op_steps[0];
