/* main.c - runs the rows of every public function, and the checks that they share. */
#include "refusals.h"

#include <stdlib.h>

tg_tape *t, *other, *narrow;
tg_tensor s, v, m, two, wide, tall, long_wide, null, stale, foreign;
tg_params *set, *narrow_set;
tg_error err, *e = &err;
int rows;
static int failures;

void make_world(void)
{
    const tg_param_spec specs[] = { { .name = "w", .shape = { 1, { 3 } } },
                                    { .name = "b", .shape = { 2, { 2, 3 } } } };
    t = tg_tape_create(TG_F64);
    other = tg_tape_create(TG_F64);
    narrow = tg_tape_create(TG_F32);
    set = tg_params_create(TG_F64, specs, 2, NULL);
    narrow_set = tg_params_create(TG_F32, specs, 2, NULL);
}

void destroy_world(void)
{
    tg_tape_destroy(t);
    tg_tape_destroy(other);
    tg_tape_destroy(narrow);
    tg_params_destroy(set);
    tg_params_destroy(narrow_set);
}

void fresh(void)
{
    static const double values[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    tg_tape_reset(other);
    tg_tape_reset(narrow);
    tg_tape_reset(t);
    stale = tg_variable(t, TG_SHAPE(3), values);
    tg_tape_reset(t);
    foreign = tg_variable(other, TG_SHAPE(3), values);
    s = tg_variable(t, TG_SCALAR, values);
    v = tg_variable(t, TG_SHAPE(3), values);
    m = tg_variable(t, TG_SHAPE(2, 3), values);
    two = tg_variable(t, TG_SHAPE(2), values);
    wide = tg_variable(t, TG_SHAPE(4), values);
    tall = tg_variable(t, TG_SHAPE(3, 2), values);
    long_wide = tg_wrap(t, TG_SHAPE(INT64_C(1) << 31, 1), values); /* never read */
    tg_params_zero_grad(set);
    tg_params_zero_grad(narrow_set);
    err = (tg_error){ .status = TG_ERR_IO, .text = "" };
}

static void fail(const char *code, int line, const char *why, const char *what)
{
    failures++;
    fprintf(stderr, "line %d: %s: %s%s\n", line, code, why, what);
}

void holds(bool condition, const char *code, int line)
{
    rows++;
    if (!condition)
        fail(code, line, "does not hold", "");
}

static void says(tg_status expected, tg_status got, const char *text, const char *code, int line)
{
    rows++;
    if (got != expected)
        fail(code, line, tg_status_name(got), text);
    else if (strlen(text) < 8 || !strchr(text, ' '))
        fail(code, line, "no sentence: ", text);
}

void tape_says(tg_status expected, const char *code, int line)
{
    says(expected, tg_tape_status(t), tg_tape_message(t), code, line);
    if (tg_tape_status(other) != TG_OK)
        fail(code, line, "the other tape has an error: ", tg_tape_message(other));
}

void error_says(tg_status expected, tg_status got, const char *code, int line)
{
    if (e)
        says(expected, err.status == expected ? got : err.status, err.text, code, line);
    else
        holds(got == expected, code, line);
}

/* Errors shared by functions of one kind. ------------------------------------------------------------------------- */

void unary(tg_tensor (*f)(tg_tensor), const char *name)
{
    fresh();
    holds(!f(null).tape, name, 0);
    fresh();
    holds(!f(stale).id, name, 1);
    tape_says(TG_ERR_STALE, name, 1);
}

/* One of two tensors is invalid. */
static void one_of_two(tg_tensor (*f)(tg_tensor, tg_tensor), const char *name)
{
    fresh();
    holds(!f(null, null).tape, name, 0);
    for (int i = 0; i < 2; i++) {
        const tg_tensor *const bad[] = { &null, &stale, &foreign };
        static const tg_status status[] = { TG_ERR_ARGUMENT, TG_ERR_STALE, TG_ERR_TAPE };
        for (int k = 0; k < 3; k++) {
            fresh();
            const tg_tensor y = i ? f(v, *bad[k]) : f(*bad[k], v);
            holds(!y.id, name, 10 * i + k);
            tg_tape *hit = bad[k] == &foreign && i == 0 ? other : t;
            says(status[k], tg_tape_status(hit), tg_tape_message(hit), name, 10 * i + k);
        }
    }
}

void binary(tg_tensor (*f)(tg_tensor, tg_tensor), const char *name)
{
    one_of_two(f, name);
}

void broadcasting(tg_tensor (*f)(tg_tensor, tg_tensor), const char *name)
{
    binary(f, name);
    fresh();
    f(v, two);
    tape_says(TG_ERR_SHAPE, name, 30);
    fresh();
    f(long_wide, tg_reshape(long_wide, TG_SHAPE(1, -1)));
    tape_says(TG_ERR_SHAPE, name, 31);
}

void by_number(tg_tensor (*f)(tg_tensor, double), const char *name)
{
    fresh();
    holds(!f(null, 0.5).tape, name, 0);
    fresh();
    holds(!f(stale, 0.5).id, name, 1);
    tape_says(TG_ERR_STALE, name, 1);
}

void reducing(tg_tensor (*f)(tg_tensor, int, bool), const char *name)
{
    fresh();
    holds(!f(null, 0, false).tape, name, 0);
    fresh();
    holds(!f(stale, TG_ALL, false).id, name, 1);
    tape_says(TG_ERR_STALE, name, 1);
    static const int axes[] = { 2, -3, INT_MAX, INT_MIN + 1 };
    for (int i = 0; i < 4; i++) {
        fresh();
        holds(!f(m, axes[i], i % 2).id, name, 2 + i);
        tape_says(TG_ERR_SHAPE, name, 2 + i);
    }
}

static tg_tensor (*the_loss)(tg_tensor, tg_tensor, tg_reduction);
static tg_tensor its_mean(tg_tensor x, tg_tensor y)
{
    return the_loss(x, y, TG_MEAN);
}

void loss(tg_tensor (*f)(tg_tensor, tg_tensor, tg_reduction), const char *name)
{
    the_loss = f;
    one_of_two(its_mean, name);
    fresh();
    f(m, tall, TG_SUM);
    tape_says(TG_ERR_SHAPE, name, 30);
    fresh();
    f(m, m, (tg_reduction)3);
    tape_says(TG_ERR_ARGUMENT, name, 31);
    fresh();
    f(m, m, (tg_reduction)-1);
    tape_says(TG_ERR_ARGUMENT, name, 32);
}

/* ------------------------------------------------------------------------------------------------------------------ */

static const struct function {
    const char *name;
    void (*run)(void);
} functions[] = {
#define FUNCTION(name) { #name, refusals_of_##name },
#include "functions.inc"
#undef FUNCTION
};

int main(void)
{
    make_world();
    const int n = sizeof functions / sizeof functions[0];
    int all = 0;
    for (int i = 0; i < n; i++) {
        const int before = failures;
        rows = 0;
        functions[i].run();
        if (rows == 0)
            fail(functions[i].name, 0, "has no rows", "");
        if (failures > before)
            fprintf(stderr, "%s: %d of %d rows fail\n", functions[i].name, failures - before, rows);
        all += rows;
    }
    destroy_world();
    printf("%d functions, %d rows, %d failures\n", n, all, failures);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
