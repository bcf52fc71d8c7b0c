/* test_training_file.c - a whole training in one file: goes on with the same bits, or is refused without a change. */
#include "scratch.h"

#include "failing_allocator.h"
#include "tapegrad/io.h"
#include "tapegrad/tape.h"

enum { W, LATE, NONE, S, COUNT };

static const tg_param_spec specs[COUNT] = {
    [W] = { .name = "layer.w", .shape = { 2, { 7, 30 } } },
    [LATE] = { .name = "late", .shape = { 1, { 3 } } }, /* its gradients begin later: other steps than the rest */
    [NONE] = { .name = "none", .shape = { 2, { 0, 4 } } },
    [S] = { .name = "s", .shape = { 0 }, .flags = TG_PARAM_NO_DECAY },
};

typedef tg_optimizer *maker(tg_params *p, tg_error *err);

static tg_optimizer *sgd(tg_params *p, tg_error *err)
{
    return tg_sgd_create(p, &(tg_sgd_config){ .lr = 0.1, .weight_decay = 0.01 }, err);
}
static tg_optimizer *momentum(tg_params *p, tg_error *err)
{
    return tg_sgd_create(p, &(tg_sgd_config){ .lr = 0.1, .momentum = 0.9, .dampening = 0.1 }, err);
}
static tg_optimizer *nesterov(tg_params *p, tg_error *err)
{
    return tg_sgd_create(p, &(tg_sgd_config){ .lr = 0.1, .momentum = 0.7, .nesterov = true }, err);
}
static tg_optimizer *adam(tg_params *p, tg_error *err)
{
    return tg_adam_create(p, &(tg_adam_config){ .lr = 0.1, .beta1 = 0.8, .eps = 1e-5 }, err);
}
static tg_optimizer *adamw(tg_params *p, tg_error *err)
{
    return tg_adamw_create(p, &(tg_adam_config){ .lr = 0.1, .weight_decay = 0.1 }, err);
}
static tg_optimizer *rmsprop(tg_params *p, tg_error *err)
{
    return tg_rmsprop_create(p, &(tg_rmsprop_config){ .lr = 0.01, .momentum = 0.5, .centered = true }, err);
}
static tg_optimizer *centered(tg_params *p, tg_error *err)
{
    return tg_rmsprop_create(p, &(tg_rmsprop_config){ .lr = 0.01, .centered = true }, err);
}
static tg_optimizer *adagrad(tg_params *p, tg_error *err)
{
    return tg_adagrad_create(p, &(tg_adagrad_config){ .lr = 0.1, .lr_decay = 0.01, .initial = 0.1 }, err);
}
static maker *const makers[] = { sgd, momentum, nesterov, adam, adamw, rmsprop, centered, adagrad };
/* The same kinds with other settings, which a load replaces. */
static tg_optimizer *other_sgd(tg_params *p, tg_error *err)
{
    return tg_sgd_create(p, &(tg_sgd_config){ .lr = 3 }, err);
}
static tg_optimizer *other_momentum(tg_params *p, tg_error *err)
{
    return tg_sgd_create(p, &(tg_sgd_config){ .lr = 3, .momentum = 0.1 }, err);
}
static tg_optimizer *other_adam(tg_params *p, tg_error *err)
{
    return tg_adam_create(p, NULL, err);
}
static tg_optimizer *other_adamw(tg_params *p, tg_error *err)
{
    return tg_adamw_create(p, NULL, err);
}
static tg_optimizer *other_rmsprop(tg_params *p, tg_error *err)
{
    return tg_rmsprop_create(p, &(tg_rmsprop_config){ .lr = 3, .momentum = 0.1, .centered = true }, err);
}
static tg_optimizer *other_centered(tg_params *p, tg_error *err)
{
    return tg_rmsprop_create(p, &(tg_rmsprop_config){ .lr = 3, .alpha = 0.1, .centered = true }, err);
}
static tg_optimizer *other_adagrad(tg_params *p, tg_error *err)
{
    return tg_adagrad_create(p, NULL, err);
}
static maker *const others[] = { other_sgd,   other_momentum, other_momentum, other_adam,
                                 other_adamw, other_rmsprop,  other_centered, other_adagrad };
enum { MAKERS = sizeof makers / sizeof makers[0] };

/* A set, its optimizer, and the generator of its gradients. */
typedef struct job {
    tg_params *params;
    tg_optimizer *optimizer;
    tg_rng rng;
} job;

static job begin(maker *make, tg_dtype dtype, const tg_allocator *allocator)
{
    tg_error err;
    job j = { .params = tg_params_create_with(dtype, specs, COUNT, allocator, NULL), .rng = tg_rng_seed(7) };
    j.optimizer = make(j.params, &err);
    if (!j.optimizer)
        fail_msg("%s", err.text);
    return j;
}

static void end(job *j)
{
    tg_optimizer_destroy(j->optimizer);
    tg_params_destroy(j->params);
}

static tg_tensor draw(tg_tape *t, tg_shape shape, tg_rng *rng)
{
    double x[210];
    for (int64_t i = 0; i < tg_shape_size(&shape); i++)
        x[i] = tg_rng_normal(rng);
    return tg_constant(t, shape, x);
}

static void steps(job *j, int from, int to)
{
    tg_tape *t = tg_tape_create(tg_params_dtype(j->params));
    for (int step = from; step < to; step++) {
        tg_params_zero_grad(j->params);
        for (int i = 0; i < COUNT; i++)
            if (i != LATE || step >= 2)
                tg_params_add_grad(j->params, i, draw(t, specs[i].shape, &j->rng), NULL);
        tg_optimizer_set_lr(j->optimizer, 0.1 / (step + 1));
        assert_int_equal(tg_optimizer_step(j->optimizer), TG_OK);
    }
    tg_tape_destroy(t);
}

static void assert_same(const job *a, const job *b)
{
    int64_t n, m;
    const char *x = tg_params_values(a->params, &n), *y = tg_params_values(b->params, &m);
    assert_int_equal(n, m);
    assert_memory_equal(x, y, (size_t)n * (tg_params_dtype(a->params) == TG_F32 ? 4 : 8));
    assert_true(tg_optimizer_lr(a->optimizer) == tg_optimizer_lr(b->optimizer));
    assert_int_equal(tg_optimizer_steps(a->optimizer), tg_optimizer_steps(b->optimizer));
    assert_true(a->rng.seed == b->rng.seed && a->rng.position == b->rng.position);
}

/* Eight steps equal k steps, a save, a load into an optimizer with other settings, and the rest: all bits. */
static void a_training_goes_on_with_the_same_bits(void **state)
{
    const char *path = scratch_path(state, "run");
    tg_error err;
    for (int k = 0; k < MAKERS; k++)
        for (int d = 0; d < 2; d++)
            for (int stop = 0; stop <= 8; stop += stop == 2 ? 1 : 2) {
                job whole = begin(makers[k], (tg_dtype)d, NULL), first = begin(makers[k], (tg_dtype)d, NULL),
                    second = begin(others[k], (tg_dtype)d, NULL);
                second.rng = tg_rng_seed(99);
                steps(&whole, 0, 8);
                steps(&first, 0, stop);
                const tg_training saved = { first.params, first.optimizer, &first.rng, 3, stop, NULL };
                if (tg_training_save(&saved, path, &err) != TG_OK)
                    fail_msg("%s", err.text);
                tg_training t = { .params = second.params, .optimizer = second.optimizer, .rng = &second.rng };
                const uint64_t version = tg_params_version(second.params);
                if (tg_training_load(&t, path, &err) != TG_OK)
                    fail_msg("%s", err.text);
                assert_true(tg_params_version(second.params) == version + 1);
                assert_true(t.epoch == 3 && t.batch == stop);
                assert_same(&first, &second);
                steps(&second, stop, 8);
                assert_same(&whole, &second);
                end(&whole);
                end(&first);
                end(&second);
            }
}

static void read_text(const char *path, const char *key, const char *expected)
{
    char text[64];
    tg_error err;
    if (tg_params_read_metadata(path, key, text, sizeof text, &err) != TG_OK)
        fail_msg("%s", err.text);
    assert_string_equal(text, expected);
}

static void its_parts_are_read_alone(void **state)
{
    const char *path = scratch_path(state, "run");
    tg_error err;
    job a = begin(adam, TG_F64, NULL), b = begin(adam, TG_F64, NULL);
    steps(&a, 0, 3);
    const char *const about[] = { "note", "\"quoted\"", NULL };
    assert_int_equal(tg_training_save(&(tg_training){ a.params, a.optimizer, NULL, 1, 2, about }, path, &err), TG_OK);
    read_text(path, "note", "\"quoted\"");
    read_text(path, "tapegrad.optimizer", "adam");
    read_text(path, "tapegrad.optimizer.steps", "3");
    read_text(path, "tapegrad.epoch", "1");
    /* the parameters, by both functions */
    assert_int_equal(tg_params_load(b.params, path, &err), TG_OK);
    double x[3], y[3];
    tg_params_read_f64(a.params, LATE, x, 3, NULL);
    tg_params_read_f64(b.params, LATE, y, 3, NULL);
    assert_memory_equal(x, y, sizeof x);
    assert_int_equal(tg_optimizer_steps(b.optimizer), 0);
    tg_training only = { .params = b.params };
    assert_int_equal(tg_training_load(&only, path, &err), TG_OK);
    assert_int_equal(tg_optimizer_steps(b.optimizer), 0);
    /* the optimizer, from this file, and from one that has nothing else */
    tg_training state_only = { .optimizer = b.optimizer };
    const uint64_t version = tg_params_version(b.params);
    assert_int_equal(tg_training_load(&state_only, path, &err), TG_OK);
    assert_int_equal(tg_optimizer_steps(b.optimizer), 3);
    steps(&b, 0, 2);
    assert_int_equal(tg_training_save(&(tg_training){ .optimizer = a.optimizer }, path, &err), TG_OK);
    assert_int_equal(tg_training_load(&state_only, path, &err), TG_OK);
    assert_int_equal(tg_optimizer_steps(b.optimizer), 3);
    assert_true(tg_params_version(b.params) == version + 2);
    assert_int_equal(tg_training_load(&only, path, &err), TG_ERR_FORMAT);
    /* float64 to float32 */
    job c = begin(adam, TG_F32, NULL);
    tg_training narrow = { .optimizer = c.optimizer };
    assert_int_equal(tg_training_load(&narrow, path, &err), TG_OK);
    assert_int_equal(tg_optimizer_steps(c.optimizer), 3);
    end(&a);
    end(&b);
    end(&c);
}

/* Refusals --------------------------------------------------------------------------------------------------------- */

/* What a refused load must leave as it was. */
typedef struct before {
    unsigned char values[2048];
    size_t bytes;
    uint64_t version;
    job job;
    double lr;
    int64_t steps;
} before;

static before look(const job *j)
{
    int64_t count;
    before b = { .version = tg_params_version(j->params),
                 .job = *j,
                 .lr = tg_optimizer_lr(j->optimizer),
                 .steps = tg_optimizer_steps(j->optimizer) };
    const void *values = tg_params_values(j->params, &count);
    b.bytes = (size_t)count * (tg_params_dtype(j->params) == TG_F32 ? 4 : 8);
    assert_true(b.bytes <= sizeof b.values);
    memcpy(b.values, values, b.bytes);
    return b;
}

static void assert_refused(job *j, const char *path, tg_status status, const char *says)
{
    const before b = look(j);
    tg_error err;
    tg_training t = { .params = j->params, .optimizer = j->optimizer, .rng = &j->rng, .epoch = 5, .batch = 6 };
    assert_int_equal(tg_training_load(&t, path, &err), status);
    if (!strstr(err.text, says))
        fail_msg("\"%s\" does not say \"%s\"", err.text, says);
    const before now = look(j);
    assert_true(now.version == b.version && now.lr == b.lr && now.steps == b.steps);
    assert_memory_equal(now.values, b.values, b.bytes);
    assert_true(now.job.rng.seed == b.job.rng.seed && now.job.rng.position == b.job.rng.position);
    assert_true(t.epoch == 5 && t.batch == 6);
}

/* Writes `path` again with the first `from` replaced by `to`, of the same length. */
static void patch(const char *path, const char *from, const char *to)
{
    size_t size, n = strlen(from);
    assert_int_equal(n, strlen(to));
    unsigned char *bytes = scratch_read(path, &size);
    bool found = false;
    for (size_t i = 0; i + n <= size && !found; i++)
        if (!memcmp(bytes + i, from, n)) {
            memcpy(bytes + i, to, n);
            found = true;
        }
    if (!found)
        fail_msg("the file has no %s", from);
    scratch_write(path, bytes, size);
    free(bytes);
}

static void save(const job *j, const char *path)
{
    job copy = *j;
    tg_error err;
    const tg_training t = { copy.params, copy.optimizer, &copy.rng, 1, 2, NULL };
    if (tg_training_save(&t, path, &err) != TG_OK)
        fail_msg("%s", err.text);
}

static void another_optimizer_is_refused(void **state)
{
    const char *path = scratch_path(state, "run");
    job a = begin(adam, TG_F32, NULL), b = begin(adamw, TG_F32, NULL), c = begin(sgd, TG_F32, NULL),
        m = begin(momentum, TG_F32, NULL), r = begin(rmsprop, TG_F32, NULL), s = begin(centered, TG_F32, NULL);
    save(&a, path);
    assert_refused(&b, path, TG_ERR_FORMAT, "the optimizer is adam, expected adamw");
    assert_refused(&c, path, TG_ERR_FORMAT, "the optimizer is adam, expected sgd");
    save(&m, path);
    assert_refused(&c, path, TG_ERR_FORMAT,
                   "the sgd of the file is one with the array 'momentum', this one has none");
    save(&c, path);
    assert_refused(&m, path, TG_ERR_FORMAT,
                   "the sgd of the file is one without the array 'momentum', this one has it");
    save(&s, path);
    assert_refused(&r, path, TG_ERR_FORMAT, "without the array 'momentum'");
    assert_int_equal(tg_params_save(a.params, path, NULL), TG_OK);
    assert_refused(&a, path, TG_ERR_FORMAT, "not the file of a training");
    assert_int_equal(tg_training_save(&(tg_training){ .params = a.params, .rng = &a.rng }, path, NULL), TG_OK);
    assert_refused(&a, path, TG_ERR_FORMAT, "has no optimizer, expected adam");
    assert_int_equal(tg_training_save(&(tg_training){ .params = a.params, .optimizer = a.optimizer }, path, NULL),
                     TG_OK);
    assert_refused(&a, path, TG_ERR_FORMAT, "no metadata for 'tapegrad.rng.seed'");
    job *const all[] = { &a, &b, &c, &m, &r, &s };
    for (int i = 0; i < 6; i++)
        end(all[i]);
}

static void damaged_files_are_refused(void **state)
{
    static const struct {
        const char *from, *to;
        tg_status status;
        const char *says;
    } rows[] = {
        { "\"tapegrad.training\":\"1\"", "\"tapegrad.training\":\"2\"", TG_ERR_FORMAT, "a training in format 2" },
        { "\"tapegrad.epoch\":\"1\"", "\"tapegrad.epoch\":\"x\"", TG_ERR_FORMAT, "'x', expected an integer" },
        { "\"tapegrad.batch\":\"2\"", "\"tapegrad.batch\":\"\" ", TG_ERR_FORMAT, "'', expected an integer" },
        { "\"tapegrad.rng.seed\"", "\"tapegrad.rng.sEEd\"", TG_ERR_FORMAT, "no metadata for 'tapegrad.rng.seed'" },
        { "\"tapegrad.optimizer.beta1\":\"0", "\"tapegrad.optimizer.beta1\":\"9", TG_ERR_FORMAT, "beta1 = 9.8" },
        { "\"tapegrad.optimizer.lr\":\"0", "\"tapegrad.optimizer.lr\":\"-", TG_ERR_FORMAT, "lr = -0.05" },
        { "\"tapegrad.optimizer.eps\"", "\"tapegrad.optimizer.epz\"", TG_ERR_FORMAT, "'tapegrad.optimizer.eps'" },
        { "__optimizer__.mean.late", "__optimizer__.meen.late", TG_ERR_FORMAT, "is not a part of the state of adam" },
        { "__optimizer__.mean.late", "__optimizer__.mean.lat_", TG_ERR_FORMAT, "is not a part of the state of adam" },
        { "__optimizer__.mean.late", "__optimizer_x.mean.late", TG_ERR_FORMAT, "is not one of the set's 4" },
        { "\"__optimizer__.mean.late\":{\"dtype\":\"F32\"", "\"__optimizer__.mean.late\":{\"dtype\":\"U32\"",
          TG_ERR_FORMAT, "has dtype 'U32'" },
        { "\"__optimizer__.mean.late\":{\"dtype\":\"F32\",\"shape\":[3]",
          "\"__optimizer__.mean.late\":{\"dtype\":\"F32\",\"shape\":[03", TG_ERR_FORMAT, "header byte" },
        { "\"late\"", "\"lake\"", TG_ERR_FORMAT, "'lake' is not one of" },
    };
    const char *path = scratch_path(state, "run");
    job a = begin(adam, TG_F32, NULL), b = begin(adam, TG_F32, NULL);
    steps(&a, 0, 2);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        save(&a, path);
        patch(path, rows[i].from, rows[i].to);
        assert_refused(&b, path, rows[i].status, rows[i].says);
    }
    /* cut anywhere */
    save(&a, path);
    size_t size;
    unsigned char *bytes = scratch_read(path, &size);
    for (size_t n = 0; n < size; n += n < 64 ? 1 : 97) {
        scratch_write(path, bytes, n);
        assert_refused(&b, path, TG_ERR_FORMAT, "/run");
    }
    free(bytes);
    end(&a);
    end(&b);
}

/* A number of steps that is none: NaN, negative, a fraction. */
static void steps_that_are_no_count_are_refused(void **state)
{
    const char *path = scratch_path(state, "run");
    job a = begin(sgd, TG_F64, NULL), b = begin(sgd, TG_F64, NULL);
    steps(&a, 0, 4);
    const double two = 2, odd[] = { -1, 2.5, 1e300 };
    for (int k = 0; k < 3; k++) {
        save(&a, path);
        size_t size;
        unsigned char *bytes = scratch_read(path, &size);
        bool found = false;
        for (size_t i = 0; i + 8 <= size && !found;
             i++) /* the steps of `late`; this test's machine is little-endian */
            if (!memcmp(bytes + i, &two, 8)) {
                memcpy(bytes + i, &odd[k], 8);
                found = true;
            }
        assert_true(found);
        scratch_write(path, bytes, size);
        free(bytes);
        assert_refused(&b, path, TG_ERR_FORMAT, "steps of 'late', expected a whole number");
    }
    end(&a);
    end(&b);
}

/* Memory and failures ---------------------------------------------------------------------------------------------- */

static void every_allocation_may_fail(void **state)
{
    const char *path = scratch_path(state, "run");
    const char *const about[] = { "b", "2", "a", "1", NULL };
    for (int k = 0; k < MAKERS; k++) {
        failing f = { 0 };
        const tg_allocator allocator = failing_allocator(&f);
        job a = begin(makers[k], TG_F32, &allocator), b = begin(makers[k], TG_F32, &allocator);
        steps(&a, 0, 3);
        const long held = f.outstanding;
        const tg_training saved = { a.params, a.optimizer, &a.rng, 1, 2, about };
        tg_error err = { 0 };
        remove(path);
        long failures = 0;
        tg_status status = TG_ERR_MEMORY;
        for (f.fail_at = 1; status != TG_OK; f.fail_at++) {
            f.calls = 0;
            status = tg_training_save(&saved, path, &err);
            assert_true(f.outstanding == held);
            if (status != TG_OK) {
                assert_int_equal(status, TG_ERR_MEMORY);
                assert_int_equal(scratch_count(state, 0), 0);
                failures++;
            }
        }
        assert_true(failures > 0);
        failures = 0;
        status = TG_ERR_MEMORY;
        tg_training t = { .params = b.params, .optimizer = b.optimizer, .rng = &b.rng };
        const before was = look(&b);
        for (f.fail_at = 1; status != TG_OK; f.fail_at++) {
            f.calls = 0;
            status = tg_training_load(&t, path, &err);
            assert_true(f.outstanding == held);
            if (status != TG_OK) {
                const before now = look(&b);
                assert_int_equal(status, TG_ERR_MEMORY);
                assert_true(now.version == was.version && now.lr == was.lr && now.steps == was.steps);
                assert_memory_equal(now.values, was.values, was.bytes);
                failures++;
            }
        }
        assert_true(failures >= 8);
        f.fail_at = 0;
        assert_same(&a, &b);
        end(&a);
        end(&b);
        assert_true(f.outstanding == 0 && f.bytes == 0);
        remove(path);
    }
}

static void a_failed_save_leaves_the_file(void **state)
{
    const char *path = scratch_path(state, "run");
    job a = begin(adam, TG_F32, NULL);
    save(&a, path);
    size_t size, after;
    unsigned char *bytes = scratch_read(path, &size);
    steps(&a, 0, 1);
    const char *const twice[] = { "a", "1", "a", "2", NULL };
    tg_error err;
    assert_int_equal(tg_training_save(&(tg_training){ a.params, a.optimizer, NULL, 0, 0, twice }, path, &err),
                     TG_ERR_ARGUMENT);
    unsigned char *now = scratch_read(path, &after);
    assert_int_equal(size, after);
    assert_memory_equal(bytes, now, size);
    free(bytes);
    free(now);
    end(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail), /* first: it counts the files of the folder */
        cmocka_unit_test(a_training_goes_on_with_the_same_bits),
        cmocka_unit_test(its_parts_are_read_alone),
        cmocka_unit_test(another_optimizer_is_refused),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(steps_that_are_no_count_are_refused),
        cmocka_unit_test(a_failed_save_leaves_the_file),
    };
    return cmocka_run_group_tests_name("training_file", tests, scratch_open, scratch_close);
}
