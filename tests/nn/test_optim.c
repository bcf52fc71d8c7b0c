/* test_optim.c - an optimizer's steps: PyTorch's values, scalar loops, threads, unset gradients, memory. */
#include "nn.h"

#include "threads.h"
#include "tapegrad/optim.h"
#include "tapegrad/rng.h"
#include "tapegrad/tape.h"

/* PyTorch's values ----------------------------------------------------------------------------------------------- */

enum rule { SGD, ADAM, ADAMW, RMSPROP, ADAGRAD };

/* Five float64 values after four steps, computed by torch 1.13 from the start and the gradients below. */
static const struct figure {
    const char *name;
    enum rule rule;
    tg_sgd_config sgd;
    tg_adam_config adam;
    tg_rmsprop_config rms;
    tg_adagrad_config adagrad;
    double expected[5];
} figures[] = {
    { .name = "sgd",
      .sgd = { .lr = 0.1 },
      .expected = { 0x1.0666666666666p-1, -0x1.2ccccccccccccp+0, 0x1.0000000000000p+1, -0x1.6666666666667p-5,
                    -0x1.819999999999ap+1 } },
    { .name = "sgd, decay",
      .sgd = { .lr = 0.1, .weight_decay = 0.05 },
      .expected = { 0x1.01002bc9dd594p-1, -0x1.2676c8aa285d2p+0, 0x1.f5c9edb77e063p+0, -0x1.62d041c9a3f87p-5,
                    -0x1.7a08882fb9d6fp+1 } },
    { .name = "momentum",
      .sgd = { .lr = 0.1, .momentum = 0.9 },
      .expected = { 0x1.37a5e353f7ceep-1, -0x1.2966cf41f212cp+0, 0x1.03eab367a0f90p+1, -0x1.c22d0e5604189p-3,
                    -0x1.77d288ce703b0p+1 } },
    { .name = "momentum, dampening, decay",
      .sgd = { .lr = 0.1, .momentum = 0.9, .dampening = 0.3, .weight_decay = 0.01 },
      .expected = { 0x1.45e5e4b1c7259p-1, -0x1.346956b0b8549p+0, 0x1.04256619a6882p+1, -0x1.aba3f2a194effp-3,
                    -0x1.791b20ceb5e6ap+1 } },
    { .name = "nesterov, decay",
      .sgd = { .lr = 0.1, .momentum = 0.9, .nesterov = true, .weight_decay = 0.01 },
      .expected = { 0x1.34d8aa8b3463dp-1, -0x1.14937636bfd9bp+0, 0x1.0064505af10ecp+1, -0x1.13358783ab351p-2,
                    -0x1.75a3c3d7e543ep+1 } },
    { .name = "adam",
      .rule = ADAM,
      .adam = { .lr = 0.001 },
      .expected = { 0x1.00d130eb39029p-1, -0x1.3fff8a1dd4269p+0, 0x1.002034ed444e0p+1, 0x1.d574f7aa2b928p-6,
                    -0x1.80027bfaa5769p+1 } },
    { .name = "adam, decay",
      .rule = ADAM,
      .adam = { .lr = 0.01, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-3, .weight_decay = 0.1 },
      .expected = { 0x1.05c4607016e31p-1, -0x1.3dd420fc6bfbfp+0, 0x1.fe6bd60ff3fb6p+0, 0x1.9e69e90bd9740p-8,
                    -0x1.7c0d8cc3a36ddp+1 } },
    { .name = "adam, beta1 = 0",
      .rule = ADAM,
      .adam = { .lr = 0.01, .beta1 = TG_ZERO },
      .expected = { 0x1.0048950b2b0adp-1, -0x1.3c843598ae84ap+0, 0x1.00300dd4c7a60p+1, 0x1.3b17dde3cdf0ap-6,
                    -0x1.814c1cccafac4p+1 } },
    { .name = "adam, both betas 0",
      .rule = ADAM,
      .adam = { .lr = 0.01, .beta1 = TG_ZERO, .beta2 = TG_ZERO },
      .expected = { 0x1.051eb84b0c4d3p-1, -0x1.3ffffffc64691p+0, 0x1.0000000000000p+1, 0x1.ffffff191a42ap-6,
                    -0x1.8147ae12c3135p+1 } },
    { .name = "adamw",
      .rule = ADAMW,
      .adam = { .lr = 0.001 },
      .expected = { 0x1.00ce9069ac7d7p-1, -0x1.3ffc42e927f6bp+0, 0x1.001d959dbfbe2p+1, 0x1.d56fec440be96p-6,
                    -0x1.7ffe8d3fae90fp+1 } },
    { .name = "adamw, decay",
      .rule = ADAMW,
      .adam = { .lr = 0.01, .weight_decay = 0.1 },
      .expected = { 0x1.072096a9a89e6p-1, -0x1.3eb2cfbb88522p+0, 0x1.003b692fa8e8bp+1, 0x1.5531341b92201p-8,
                    -0x1.7e8fc71e8a4cap+1 } },
    { .name = "adamw, decay 0",
      .rule = ADAMW,
      .adam = { .lr = 0.01, .weight_decay = TG_ZERO },
      .expected = { 0x1.082be9303a198p-1, -0x1.3ffb652a49812p+0, 0x1.01421144ab0c4p+1, 0x1.5a46b296cee61p-8,
                    -0x1.8018d7ca76a19p+1 } },
};
enum { FIGURES = sizeof figures / sizeof figures[0] };

static tg_optimizer *try_make(const struct figure *f, tg_params *p, tg_error *err)
{
    switch (f->rule) {
    case SGD:
        return tg_sgd_create(p, &f->sgd, err);
    case ADAM:
        return tg_adam_create(p, &f->adam, err);
    case ADAMW:
        return tg_adamw_create(p, &f->adam, err);
    case RMSPROP:
        return tg_rmsprop_create(p, &f->rms, err);
    case ADAGRAD:
        return tg_adagrad_create(p, &f->adagrad, err);
    }
    return NULL;
}

static tg_optimizer *make(const struct figure *f, tg_params *p)
{
    tg_error err;
    tg_optimizer *o = try_make(f, p, &err);
    if (!o)
        fail_msg("%s: %s", f->name, err.text);
    return o;
}

static void steps_are_those_of_pytorch(void **state)
{
    (void)state;
    const double start[5] = { 0.5, -1.25, 2.0, 0.03125, -3.0 };
    const tg_param_spec spec = { .name = "w", .shape = TG_SHAPE(5) };
    for (int f = 0; f < FIGURES; f++)
        for (int d = 0; d < 2; d++) {
            tg_params *p = tg_params_create((tg_dtype)d, &spec, 1, NULL);
            tg_params_write_f64(p, 0, start, 5, NULL);
            tg_optimizer *o = make(&figures[f], p);
            for (int t = 0; t < 4; t++) {
                void *g = tg_params_grads(p, NULL);
                for (int i = 0; i < 5; i++) {
                    const double value = ((7 * i + 5 * t) % 11 - 5) / 8.0;
                    if (d == TG_F32)
                        ((float *)g)[i] = (float)value;
                    else
                        ((double *)g)[i] = value;
                }
                assert_int_equal(tg_optimizer_step(o), TG_OK);
            }
            double w[5];
            tg_params_read_f64(p, 0, w, 5, NULL);
            for (int i = 0; i < 5; i++)
                assert_close(w[i], figures[f].expected[i], d == TG_F32 ? 1e-6 : 1e-14);
            tg_optimizer_destroy(o);
            tg_params_destroy(p);
        }
}

/* Scalar loops over many parameters -------------------------------------------------------------------------------- */

enum { COUNT = 7, LONGEST = 300 * 171 };

static const tg_param_spec specs[COUNT] = {
    { .name = "w0", .shape = { 2, { 300, 171 } } }, /* several blocks */
    { .name = "b0", .shape = { 1, { 171 } }, .flags = TG_PARAM_NO_DECAY },
    { .name = "none", .shape = { 2, { 0, 3 } } },
    { .name = "w1", .shape = { 2, { 7, 3 } } },
    { .name = "fixed", .shape = { 1, { 19 } }, .flags = TG_PARAM_FROZEN },
    { .name = "b1", .shape = { 0 }, .flags = TG_PARAM_NO_DECAY },
    { .name = "late", .shape = { 1, { 5 } }, .flags = TG_PARAM_FROZEN }, /* no longer frozen after two steps */
};

/* The same model in scalar loops of double. */
typedef struct plain {
    double w[LONGEST], a[LONGEST], b[LONGEST], c[LONGEST]; /* values and the states */
    int64_t n;
    int step;
} plain;

static void plain_sgd(plain *x, const double *g, const tg_sgd_config *c, double decay)
{
    x->step++;
    for (int64_t i = 0; i < x->n; i++) {
        double d = g[i] + decay * x->w[i];
        if (c->momentum > 0) {
            x->a[i] = x->step == 1 ? d : c->momentum * x->a[i] + (1 - c->dampening) * d;
            d = c->nesterov ? d + c->momentum * x->a[i] : x->a[i];
        }
        x->w[i] -= c->lr * d;
    }
}

static void plain_adam(plain *x, const double *g, const tg_adam_config *c, double decay, bool decoupled)
{
    x->step++;
    for (int64_t i = 0; i < x->n; i++) {
        if (decoupled)
            x->w[i] *= 1 - c->lr * decay;
        const double d = decoupled ? g[i] : g[i] + decay * x->w[i];
        x->a[i] = c->beta1 * x->a[i] + (1 - c->beta1) * d;
        x->b[i] = c->beta2 * x->b[i] + (1 - c->beta2) * d * d;
        const double m = x->a[i] / (1 - pow(c->beta1, x->step)), v = x->b[i] / (1 - pow(c->beta2, x->step));
        x->w[i] -= c->lr * m / (sqrt(v) + c->eps);
    }
}

static void plain_rmsprop(plain *x, const double *g, const tg_rmsprop_config *c, double decay)
{
    x->step++;
    for (int64_t i = 0; i < x->n; i++) {
        const double d = g[i] + decay * x->w[i];
        x->a[i] = c->alpha * x->a[i] + (1 - c->alpha) * d * d;
        x->b[i] = c->alpha * x->b[i] + (1 - c->alpha) * d;
        const double v = c->centered ? x->a[i] - x->b[i] * x->b[i] : x->a[i];
        x->c[i] = c->momentum * x->c[i] + d / (sqrt(v) + c->eps);
        x->w[i] -= c->lr * x->c[i];
    }
}

static void plain_adagrad(plain *x, const double *g, const tg_adagrad_config *c, double decay)
{
    const double lr = c->lr / (1 + x->step * c->lr_decay);
    for (int64_t i = 0; i < x->n; i++) {
        const double d = g[i] + decay * x->w[i];
        x->a[i] = (x->step == 0 ? c->initial : x->a[i]) + d * d;
        x->w[i] -= lr * d / (sqrt(x->a[i]) + c->eps);
    }
    x->step++;
}

static void plain_step(const struct figure *f, plain *x, const double *g, bool decays)
{
    switch (f->rule) {
    case SGD:
        plain_sgd(x, g, &f->sgd, decays ? f->sgd.weight_decay : 0);
        break;
    case ADAM:
    case ADAMW:
        plain_adam(x, g, &f->adam, decays ? f->adam.weight_decay : 0, f->rule == ADAMW);
        break;
    case RMSPROP:
        plain_rmsprop(x, g, &f->rms, decays ? f->rms.weight_decay : 0);
        break;
    case ADAGRAD:
        plain_adagrad(x, g, &f->adagrad, decays ? f->adagrad.weight_decay : 0);
        break;
    }
}

static const struct figure configs[] = {
    { .name = "sgd", .sgd = { .lr = 0.1 } },
    { .name = "sgd, decay", .sgd = { .lr = 0.1, .weight_decay = 0.3 } },
    { .name = "momentum", .sgd = { .lr = 0.1, .momentum = 0.8, .dampening = 0.25, .weight_decay = 0.3 } },
    { .name = "nesterov", .sgd = { .lr = 0.1, .momentum = 0.8, .nesterov = true, .weight_decay = 0.3 } },
    { .name = "adam", .rule = ADAM, .adam = { 0.01, 0.7, 0.9, 1e-6, 0.3 } },
    { .name = "adamw", .rule = ADAMW, .adam = { 0.01, 0.7, 0.9, 1e-6, 0.3 } },
    { .name = "momentum, no decay", .sgd = { .lr = 0.1, .momentum = 0.8, .dampening = 0.25 } },
    { .name = "adam, no decay", .rule = ADAM, .adam = { 0.01, 0.7, 0.9, 1e-6, 0 } },
    { .name = "rmsprop", .rule = RMSPROP, .rms = { .lr = 0.01, .alpha = 0.9, .eps = 1e-6 } },
    { .name = "rmsprop, momentum, decay",
      .rule = RMSPROP,
      .rms = { .lr = 0.01, .alpha = 0.8, .eps = 1e-3, .momentum = 0.7, .weight_decay = 0.3 } },
    { .name = "rmsprop, centered",
      .rule = RMSPROP,
      .rms = { .lr = 0.01, .alpha = 0.8, .eps = 1e-2, .weight_decay = 0.3, .centered = true } },
    { .name = "rmsprop, all",
      .rule = RMSPROP,
      .rms = { .lr = 0.01, .alpha = 0.8, .eps = 1e-2, .momentum = 0.7, .weight_decay = 0.3, .centered = true } },
    { .name = "adagrad", .rule = ADAGRAD, .adagrad = { .lr = 0.1, .eps = 1e-6 } },
    { .name = "adagrad, all",
      .rule = ADAGRAD,
      .adagrad = { .lr = 0.1, .lr_decay = 0.2, .initial = 0.5, .eps = 1e-3, .weight_decay = 0.3 } },
};
enum { CONFIGS = sizeof configs / sizeof configs[0] };

static double element(const void *buffer, tg_dtype dtype, int64_t i)
{
    return dtype == TG_F32 ? (double)((const float *)buffer)[i] : ((const double *)buffer)[i];
}

static void assert_padding_is_zero(tg_params *p)
{
    int64_t count;
    const void *values = tg_params_values(p, &count), *grads = tg_params_grads(p, NULL);
    for (int i = 0; i < COUNT; i++) {
        const tg_shape shape = tg_params_shape(p, i);
        const int64_t end = i + 1 < COUNT ? tg_params_offset(p, i + 1) : count;
        for (int64_t at = tg_params_offset(p, i) + tg_shape_size(&shape); at < end; at++)
            assert_true(element(values, tg_params_dtype(p), at) == 0 && element(grads, tg_params_dtype(p), at) == 0);
    }
}

/* A gradient that is rounded to float32, so that both dtypes see the same. */
static void draw_grad(tg_params *p, int i, double *g, int64_t n, tg_rng *rng)
{
    void *flat = tg_params_grads(p, NULL);
    const int64_t offset = tg_params_offset(p, i);
    for (int64_t k = 0; k < n; k++) {
        g[k] = (double)(float)tg_rng_normal(rng);
        if (tg_params_dtype(p) == TG_F32)
            ((float *)flat)[offset + k] = (float)g[k];
        else
            ((double *)flat)[offset + k] = g[k];
    }
}

static void compare(const tg_params *p, int i, const plain *x, double tolerance)
{
    static double w[LONGEST];
    tg_params_read_f64(p, i, w, x->n, NULL);
    for (int64_t k = 0; k < x->n; k++)
        assert_close(w[k], x->w[k], tolerance);
}

static void follow(const struct figure *f, tg_dtype dtype, plain *x)
{
    static double g[LONGEST];
    tg_params *p = tg_params_create(dtype, specs, COUNT, NULL);
    tg_rng rng = tg_rng_seed(11);
    for (int i = 0; i < COUNT; i++) {
        const tg_shape shape = tg_params_shape(p, i);
        memset(&x[i], 0, sizeof x[i]);
        x[i].n = tg_shape_size(&shape);
        for (int64_t k = 0; k < x[i].n; k++)
            x[i].w[k] = (double)(float)tg_rng_normal(&rng);
        tg_params_write_f64(p, i, x[i].w, x[i].n, NULL);
    }
    tg_optimizer *o = make(f, p);
    for (int t = 0; t < 5; t++) {
        if (t == 2)
            tg_params_set_flags(p, COUNT - 1, 0, NULL);
        for (int i = 0; i < COUNT; i++) {
            draw_grad(p, i, g, x[i].n, &rng);
            if (tg_params_flags(p, i) & TG_PARAM_FROZEN)
                continue;
            const bool decays = !(tg_params_flags(p, i) & TG_PARAM_NO_DECAY);
            plain_step(f, &x[i], g, decays);
        }
        const uint64_t version = tg_params_version(p);
        assert_int_equal(tg_optimizer_step(o), TG_OK);
        assert_int_equal(tg_params_version(p), version + 1);
        for (int i = 0; i < COUNT; i++)
            compare(p, i, &x[i], dtype == TG_F32 ? 2e-5 : 1e-13);
        assert_padding_is_zero(p);
    }
    assert_int_equal(tg_optimizer_steps(o), 5);
    tg_optimizer_destroy(o);
    tg_params_destroy(p);
}

static void steps_are_those_of_scalar_loops(void **state)
{
    (void)state;
    static plain x[COUNT];
    for (int c = 0; c < CONFIGS; c++)
        for (int d = 0; d < 2; d++)
            follow(&configs[c], (tg_dtype)d, x);
}

static void steps_have_the_same_bits_at_every_number_of_threads(void **state)
{
    (void)state;
    static float first[LONGEST], other[LONGEST];
    static double g[LONGEST];
    const int before = tg_num_threads(), threads[] = { 1, 2, 3, 7 };
    for (int c = 0; c < CONFIGS; c++)
        for (int j = 0; j < 4; j++) {
            use_threads(threads[j]);
            tg_params *p = tg_params_create(TG_F32, specs, COUNT, NULL);
            tg_rng rng = tg_rng_seed(2);
            tg_params_fill_normal(p, 0, 1, &rng, NULL);
            tg_optimizer *o = make(&configs[c], p);
            for (int t = 0; t < 3; t++) {
                draw_grad(p, 0, g, LONGEST, &rng);
                tg_optimizer_step(o);
            }
            tg_params_read_f32(p, 0, j == 0 ? first : other, LONGEST, NULL);
            assert_true(j == 0 || !memcmp(first, other, sizeof first));
            tg_optimizer_destroy(o);
            tg_params_destroy(p);
        }
    tg_set_num_threads(before);
}

static void a_parameter_without_a_gradient_is_not_changed(void **state)
{
    (void)state;
    const tg_param_spec two[] = { { .name = "a", .shape = TG_SHAPE(3) }, { .name = "b", .shape = TG_SHAPE(2) } };
    tg_params *p = tg_params_create(TG_F64, two, 2, NULL);
    const double ones[3] = { 1, 1, 1 };
    tg_params_write_f64(p, 0, ones, 3, NULL);
    tg_params_write_f64(p, 1, ones, 2, NULL);
    tg_optimizer *o = tg_sgd_create(p, &(tg_sgd_config){ .lr = 0.5, .momentum = 0.5, .weight_decay = 0.25 }, NULL);
    double *g = tg_params_grads(p, NULL), w[3];
    for (int i = 0; i < 3; i++)
        g[i] = g[tg_params_offset(p, 1) + (i ? 1 : 0)] = 100;
    tg_params_zero_grad(p);
    /* Old numbers in the buffer must not count. */
    tg_tape *t = tg_tape_create(TG_F64);
    tg_params_add_grad(p, 0, tg_full(t, TG_SHAPE(3), 1), NULL);
    assert_int_equal(tg_optimizer_step(o), TG_OK);
    tg_params_read_f64(p, 0, w, 3, NULL);
    assert_true(w[0] == 1 - 0.5 * 1.25 && w[2] == 1 - 0.5 * 1.25);
    tg_params_read_f64(p, 1, w, 2, NULL);
    assert_true(w[0] == 1 && w[1] == 1);
    assert_false(tg_params_has_grad(p, 1));
    tg_optimizer_destroy(o);
    tg_tape_destroy(t);
    tg_params_destroy(p);
}

/* torch.optim.AdamW of two parameters, of which the second gets its first gradient in the third step: its bias correction
   starts there, and so does every other optimizer's state. A gradient of zeros is one. */
static void each_parameter_counts_its_own_steps(void **state)
{
    (void)state;
    const tg_param_spec two[] = { { .name = "a", .shape = TG_SHAPE(3) }, { .name = "b", .shape = TG_SHAPE(3) } };
    for (int c = 0; c < CONFIGS; c++) {
        tg_params *late = tg_params_create(TG_F64, two, 2, NULL), *fresh = tg_params_create(TG_F64, two, 2, NULL);
        tg_optimizer *o = make(&configs[c], late), *other = make(&configs[c], fresh);
        tg_tape *t = tg_tape_create(TG_F64);
        const double start[3] = { 1, -2, 0.5 };
        double w[3], v[3];
        tg_params_write_f64(late, 1, start, 3, NULL);
        tg_params_write_f64(fresh, 1, start, 3, NULL);
        for (int step = 0; step < 5; step++) {
            const tg_tensor g = tg_full(t, TG_SHAPE(3), step == 3 ? 0 : 0.25 * (step + 1));
            tg_params_zero_grad(late);
            tg_params_zero_grad(fresh);
            tg_params_add_grad(late, 0, g, NULL);
            if (step >= 2) {
                tg_params_add_grad(late, 1, g, NULL);
                tg_params_add_grad(fresh, 1, g, NULL);
                assert_int_equal(tg_optimizer_step(other), TG_OK);
            }
            assert_int_equal(tg_optimizer_step(o), TG_OK);
            tg_params_read_f64(late, 1, w, 3, NULL);
            tg_params_read_f64(fresh, 1, v, 3, NULL);
            assert_memory_equal(w, v, sizeof w);
        }
        assert_true(w[0] != start[0]);
        tg_tape_destroy(t);
        tg_optimizer_destroy(o);
        tg_optimizer_destroy(other);
        tg_params_destroy(late);
        tg_params_destroy(fresh);
    }
}

/* The defaults are torch.optim's: the first step of RMSprop is lr g / (sqrt(0.01 g^2) + 1e-8), that of Adagrad lr g / |g|.
   With these gradients, eps is a part of the result. */
static void defaults_are_those_of_pytorch(void **state)
{
    (void)state;
    const tg_param_spec one = { .name = "w", .shape = TG_SHAPE(1) };
    for (int adagrad = 0; adagrad < 2; adagrad++) {
        tg_params *p = tg_params_create(TG_F64, &one, 1, NULL);
        tg_optimizer *o = adagrad ? tg_adagrad_create(p, NULL, NULL) : tg_rmsprop_create(p, NULL, NULL);
        const double g = adagrad ? 1e-9 : 1e-6;
        double w;
        ((double *)tg_params_grads(p, NULL))[0] = g;
        assert_true(tg_optimizer_lr(o) == 0.01);
        assert_int_equal(tg_optimizer_step(o), TG_OK);
        tg_params_read_f64(p, 0, &w, 1, NULL);
        assert_close(w, -0.01 * g / (adagrad ? g + 1e-10 : 0.1 * g + 1e-8), 1e-15);
        tg_optimizer_destroy(o);
        tg_params_destroy(p);
    }
}

/* With a constant gradient, the mean of squares and the square of the mean become equal, and rounding makes their
   difference negative at some steps: its root would be NaN. */
static void centered_rmsprop_stays_finite_with_a_constant_gradient(void **state)
{
    (void)state;
    const tg_param_spec one = { .name = "w", .shape = TG_SHAPE(5) };
    for (int d = 0; d < 2; d++) {
        tg_params *p = tg_params_create((tg_dtype)d, &one, 1, NULL);
        tg_optimizer *o =
            tg_rmsprop_create(p, &(tg_rmsprop_config){ .lr = 1e-9, .alpha = 0.9, .centered = true }, NULL);
        for (int t = 0; t < 2000; t++) {
            void *g = tg_params_grads(p, NULL);
            for (int i = 0; i < 5; i++) {
                const double value = 0.1 + 0.37 * i;
                if (d == TG_F32)
                    ((float *)g)[i] = (float)value;
                else
                    ((double *)g)[i] = value;
            }
            assert_int_equal(tg_optimizer_step(o), TG_OK);
        }
        double w[5];
        tg_params_read_f64(p, 0, w, 5, NULL);
        for (int i = 0; i < 5; i++)
            assert_true(isfinite(w[i]) && w[i] < 0);
        tg_optimizer_destroy(o);
        tg_params_destroy(p);
    }
}

/* Memory ---------------------------------------------------------------------------------------------------------- */

static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (int c = 0; c < CONFIGS; c++) {
        failing f = { 0 };
        const tg_allocator a = failing_allocator(&f);
        tg_params *p = tg_params_create_with(TG_F32, specs, COUNT, &a, NULL);
        const long held = f.outstanding;
        tg_optimizer *o = NULL;
        tg_error err;
        for (f.fail_at = 1; !o; f.fail_at++) {
            f.calls = 0;
            o = try_make(&configs[c], p, &err);
            assert_int_equal(err.status, o ? TG_OK : TG_ERR_MEMORY);
            assert_true(o || f.outstanding == held);
        }
        assert_true(f.fail_at > 2);
        tg_optimizer_destroy(o);
        assert_int_equal(f.outstanding, held);
        tg_params_destroy(p);
        assert_true(f.outstanding == 0 && f.bytes == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_those_of_pytorch),
        cmocka_unit_test(steps_are_those_of_scalar_loops),
        cmocka_unit_test(steps_have_the_same_bits_at_every_number_of_threads),
        cmocka_unit_test(a_parameter_without_a_gradient_is_not_changed),
        cmocka_unit_test(each_parameter_counts_its_own_steps),
        cmocka_unit_test(defaults_are_those_of_pytorch),
        cmocka_unit_test(centered_rmsprop_stays_finite_with_a_constant_gradient),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("optim", tests, NULL, NULL);
}
