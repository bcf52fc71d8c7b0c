/* program_params.c - steps on parameters: sets, networks, optimizers, files. */
#include "program.h"

static tg_allocator memory(program *p)
{
    return strict_allocator(&p->object_memory);
}

static tg_dtype draw_dtype(program *p)
{
    const unsigned b = draw(p);
    return b >= 250 ? (tg_dtype)b : b >= 192 ? (tg_dtype)(b % 2) : tg_tape_dtype(tape_of(p));
}

static void take_object(program *p, const void *object, const tg_error *err)
{
    FUZZ_CHECK((object != NULL) == (err->status == TG_OK));
    take_error(p, err->status, err);
}

/* The set that a step works on: the program's, or the network's. */
static tg_params *pick_set(program *p)
{
    return draw(p) % 2 ? p->params : tg_mlp_params(p->net);
}

static int pick_index(program *p)
{
    const unsigned b = draw(p);
    return b < 248 ? (int)(b % 4) : (int)b - 252;
}

/* Tapes must not hold leaves of what is freed. */
static void reset_tapes(program *p)
{
    for (int i = 0; i < TAPES; i++)
        tg_tape_reset(p->tapes[i]);
}

/* Sets ------------------------------------------------------------------------------------------------------------ */

static void make_set(program *p)
{
    const tg_param_spec specs[] = {
        { .name = "w", .shape = { 2, { 2, 3 } } },
        { .name = draw(p) < 240 ? "b" : draw_name(p), .shape = { 1, { 3 } }, .flags = TG_PARAM_NO_DECAY },
        { .name = "none", .shape = { 2, { 0, 4 } } },
        { .name = "s",
          .shape = draw(p) < 240 ? TG_SCALAR : draw_shape(p),
          .flags = draw(p) % 4 ? 0 : TG_PARAM_FROZEN },
    };
    if (p->is_called_back)
        return;
    const int64_t size = tg_shape_size(&specs[3].shape);
    if (size > 64)
        return;
    reset_tapes(p);
    if (p->optimizer) {
        tg_optimizer_destroy(p->optimizer);
        p->optimizer = NULL;
    }
    tg_params_destroy(p->params);
    const tg_allocator a = memory(p);
    tg_error err;
    p->params = tg_params_create_with(draw_dtype(p), specs, 4, &a, &err);
    take_object(p, p->params, &err);
    for (int i = 0; i < tg_params_count(p->params); i++) {
        const tg_shape s = tg_params_shape(p->params, i);
        FUZZ_CHECK(tg_params_write_f64(p->params, i, draw_f64(p), tg_shape_size(&s), NULL) == TG_OK);
    }
}

static void leaf(program *p)
{
    tg_params *set = pick_set(p);
    const int i = pick_index(p);
    take(p, tg_param(tape_of(p), set, i));
}

static void write_values(program *p)
{
    tg_params *set = pick_set(p);
    const int i = pick_index(p);
    const tg_shape s = tg_params_shape(set, i);
    const int64_t n = draw(p) < 224 ? tg_shape_size(&s) : draw(p);
    tg_error err;
    take_error(p, tg_params_write_f64(set, i, draw(p) == 255 ? NULL : draw_f64(p), n, &err), &err);
}

static void fill_values(program *p)
{
    tg_params *set = pick_set(p);
    const int i = pick_index(p);
    const double lo = draw_number(p), hi = draw_number(p);
    tg_error err;
    const bool is_normal = draw(p) % 2;
    const tg_status status = is_normal ? tg_params_fill_normal(set, i, lo, &p->rng, &err)
                                       : tg_params_fill_uniform(set, i, lo, hi, &p->rng, &err);
    take_error(p, status, &err);
}

static void set_flags(program *p)
{
    tg_params *set = pick_set(p);
    const int i = pick_index(p);
    tg_error err;
    const unsigned b = draw(p);
    take_error(p, tg_params_set_flags(set, i, b < 250 ? b % 4 : b, &err), &err);
}

static void copy_set(program *p)
{
    tg_params *set = pick_set(p), *from = pick_set(p);
    tg_error err;
    tg_params *copy = tg_params_clone(from, draw_dtype(p), &err);
    take_object(p, copy, &err);
    take_error(p, tg_params_copy(set, copy, &err), &err);
    tg_params_destroy(copy);
}

static void look(program *p)
{
    tg_params *set = pick_set(p);
    const int i = pick_index(p);
    const char *name = tg_params_name(set, i);
    const tg_shape s = tg_params_shape(set, i);
    const double norm = tg_params_grad_norm(set);
    FUZZ_CHECK(!name || tg_params_find(set, name) == i);
    FUZZ_CHECK(tg_params_find(set, "absent") == -1 && (tg_params_offset(set, i) >= 0) == (name != NULL));
    take_bytes(p, s.dims, (size_t)s.rank * sizeof s.dims[0]);
    take_bytes(p, &norm, sizeof norm);
}

/* Gradients ------------------------------------------------------------------------------------------------------- */

static void zero_grad(program *p)
{
    tg_params_zero_grad(pick_set(p));
}

static void clip(program *p)
{
    tg_params *set = pick_set(p);
    double norm;
    tg_error err;
    take_error(p, tg_params_clip_grad_norm(set, draw_number(p), &norm, &err), &err);
    take_bytes(p, &norm, sizeof norm);
}

static void add_grad(program *p)
{
    tg_params *set = pick_set(p);
    const int i = pick_index(p);
    tg_error err;
    take_error(p, tg_params_add_grad(set, i, pick(p), &err), &err);
}

/* Networks and optimizers ----------------------------------------------------------------------------------------- */

static void make_net(program *p)
{
    static const int64_t sizes[] = { 3, 2, 4, 2, 0, -1 };
    const unsigned b = draw(p);
    const tg_mlp_config c = { .sizes = sizes + b % 2,
                              .n_sizes = b < 240 ? 2 + (int)(b / 2 % 3) : (int)(b % 7),
                              .activation = (tg_activation)draw_below(p, 7),
                              .no_bias = b % 5 == 0,
                              .dtype = draw_dtype(p),
                              .init = (tg_init)draw_below(p, 5),
                              .seed = b };
    if (p->is_called_back)
        return;
    reset_tapes(p);
    tg_mlp_destroy(p->net);
    const tg_allocator a = memory(p);
    tg_error err;
    p->net = tg_mlp_create_with(&c, &a, &err);
    take_object(p, p->net, &err);
}

static void run_net(program *p)
{
    const tg_tensor x = pick(p);
    const unsigned b = draw(p);
    int32_t labels[8] = { 0 };
    if (b % 4 == 0)
        take(p, tg_mlp_l2(p->net, tape_of(p), draw_number(p)));
    else if (b % 4 < 3)
        take(p, tg_mlp_forward(p->net, x));
    else if (x.tape)
        take_status(p, x.tape, tg_mlp_predict(p->net, x, labels, b / 4 % 8));
    take_bytes(p, labels, sizeof labels);
}

static void make_optimizer(program *p)
{
    const unsigned b = draw(p);
    const double rate = draw_number(p), first = draw_number(p), second = draw_number(p);
    const tg_sgd_config sgd = { .lr = rate, .momentum = first, .weight_decay = second, .nesterov = b / 4 % 2 };
    const tg_adam_config adam = { .lr = rate, .beta1 = first, .weight_decay = second };
    tg_error err;
    tg_optimizer_destroy(p->optimizer);
    if (b % 4 < 2)
        p->optimizer = tg_sgd_create(p->params, b >= 240 ? NULL : &sgd, &err);
    else if (b % 4 == 2)
        p->optimizer = tg_adam_create(p->params, b >= 240 ? NULL : &adam, &err);
    else
        p->optimizer = tg_adamw_create(p->params, &adam, &err);
    take_object(p, p->optimizer, &err);
}

static void make_step(program *p)
{
    tg_error err = { .status = tg_optimizer_step(p->optimizer) };
    if (!p->optimizer)
        return;
    strcpy(err.text, tg_optimizer_message(p->optimizer));
    take_error(p, err.status, &err);
}

static void set_rate(program *p)
{
    const double rate = draw_number(p);
    if (tg_optimizer_set_lr(p->optimizer, rate) == TG_OK)
        FUZZ_CHECK(tg_optimizer_lr(p->optimizer) == rate || rate == TG_ZERO);
}

/* Files ----------------------------------------------------------------------------------------------------------- */

static const fuzz_file *file(void)
{
    static fuzz_file f;
    if (!f.path[0])
        fuzz_open(&f);
    return &f;
}

static void save(program *p)
{
    const tg_params *set = pick_set(p);
    tg_error err;
    const char *metadata[] = { "key", draw(p) < 128 ? "value" : draw_name(p), NULL };
    const tg_status status = tg_params_save_with(set, file()->path, metadata, &err);
    p->has_file |= status == TG_OK;
    take_error(p, status, &err);
}

static void load(program *p)
{
    tg_params *set = pick_set(p);
    tg_error err;
    char value[32];
    if (!p->has_file)
        return;
    take_error(p, tg_params_load(set, file()->path, &err), &err);
    take_error(p, tg_params_read_metadata(file()->path, "key", value, sizeof value, &err), &err);
    take_bytes(p, value, strlen(value));
}

const step params_steps[] = {
    STEP(make_set, MAY_CHANGE_VALUES | MAY_CHANGE_GRADS),
    STEP(leaf, 0),
    STEP(leaf, 0),
    STEP(leaf, 0),
    STEP(write_values, MAY_CHANGE_VALUES),
    STEP(fill_values, MAY_CHANGE_VALUES),
    STEP(set_flags, 0),
    STEP(copy_set, MAY_CHANGE_VALUES),
    STEP(look, 0),
    STEP(zero_grad, MAY_CHANGE_GRADS),
    STEP(clip, MAY_CHANGE_GRADS),
    STEP(add_grad, MAY_CHANGE_GRADS),
    STEP(make_net, MAY_CHANGE_VALUES | MAY_CHANGE_GRADS),
    STEP(run_net, 0),
    STEP(run_net, 0),
    STEP(make_optimizer, 0),
    STEP(make_step, MAY_CHANGE_VALUES),
    STEP(set_rate, 0),
    STEP(save, 0),
    STEP(load, MAY_CHANGE_VALUES),
};
const int n_params_steps = sizeof params_steps / sizeof params_steps[0];
