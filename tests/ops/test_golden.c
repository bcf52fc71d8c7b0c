/* test_golden.c - every operation and its gradient against values that PyTorch computed in float64. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "calls.h"
#include "tapegrad.h"

static char **golden_files; /* ends with NULL */

/* Running a case -------------------------------------------------------------------------------------------------- */

/* The result and gradients of a run. */
typedef struct outcome {
    golden_array out, gradients[GOLDEN_INPUTS];
} outcome;

static golden_array array_of(const golden_case *c, tg_tensor x)
{
    golden_array a = { .shape = tg_shape_of(x) };
    a.n = (int)tg_size(x);
    assert_in_range(a.n, 0, GOLDEN_ELEMENTS);
    if (tg_read(x, a.values, a.n) != TG_OK)
        fail_msg("golden case %d: %s", c->number, tg_tape_message(x.tape));
    return a;
}

/* The ways to compute the gradients; each must agree with the file. */
enum route { BACKWARD, GRAD, GRAD_RECORDED, N_ROUTES };

static void differentiate(const golden_case *c, tg_tensor y, tg_tensor cotangent, const tg_tensor *x,
                          enum route route, tg_tensor *g)
{
    tg_status status;
    if (route == BACKWARD) {
        status = tg_backward_from(y, cotangent);
        for (int i = 0; i < c->n_inputs; i++)
            g[i] = tg_grad_of(x[i]);
    } else {
        status = tg_grad(y, cotangent, x, c->n_inputs, g, route == GRAD_RECORDED ? TG_CREATE_GRAPH : 0);
    }
    if (status != TG_OK)
        fail_msg("golden case %d: %s", c->number, tg_tape_message(y.tape));
}

/* The operations of ops.list that some case ran, forward or in its gradient. */
enum { MOST_OPS = 256 };
static bool ran[MOST_OPS];

static bool mark_as_run(void *context, const tg_visit *v)
{
    (void)context;
    for (int i = 0; i < tg_op_count(); i++)
        ran[i] |= !strcmp(tg_op_at(i)->name, v->op);
    return true;
}

static void run(const golden_case *c, tg_dtype dtype, enum route route, outcome *o)
{
    tg_tape *tape = tg_tape_create(dtype);
    tg_tensor x[GOLDEN_INPUTS], g[GOLDEN_INPUTS];
    for (int i = 0; i < c->n_inputs; i++)
        x[i] = tg_variable(tape, c->inputs[i].shape, c->inputs[i].values);
    tg_tensor y = golden_call(c, x);
    o->out = array_of(c, y);
    if (!tg_shape_equal(&o->out.shape, &c->out.shape))
        fail_msg("golden case %d: the result of %s has another shape", c->number, c->op);
    if (!c->is_constant) {
        differentiate(c, y, tg_constant(tape, c->cotangent.shape, c->cotangent.values), x, route, g);
        for (int i = 0; i < c->n_inputs; i++)
            o->gradients[i] = array_of(c, g[i]);
    }
    assert_int_equal(tg_tape_each(tape, mark_as_run, NULL), TG_OK);
    tg_tape_destroy(tape);
}

/* Comparing ------------------------------------------------------------------------------------------------------- */

static double largest(const golden_array *a)
{
    double most = 0;
    for (int i = 0; i < a->n; i++)
        most = fmax(most, fabs(a->values[i]));
    return most;
}

/* The first element without |a - b| <= bound; the length where there is none. */
static int disagreement(const golden_array *a, const golden_array *b, double bound)
{
    int i = 0;
    while (i < b->n && fabs(a->values[i] - b->values[i]) <= bound)
        i++;
    return i;
}

static void compare(const golden_case *c, const char *what, int number, const golden_array *a, const golden_array *b,
                    double bound)
{
    if (!tg_shape_equal(&a->shape, &b->shape))
        fail_msg("golden case %d, %s%s, %s %d has another shape", c->number, c->op, c->attributes, what, number);
    int i = disagreement(a, b, bound);
    if (i < b->n)
        fail_msg("golden case %d, %s%s, %s %d, element %d: %.17g, not %.17g (%s kernels)", c->number, c->op,
                 c->attributes, what, number, i, a->values[i], b->values[i], tg_kernel_set());
}

/* Tests ----------------------------------------------------------------------------------------------------------- */

/* Operations whose values are random, or that only second derivatives use, with the tests that check them. */
static const char *const elsewhere[] = { "dropout" /* test_dropout.c */, "max_pool_take" /* test_conv.c */ };

static bool is_elsewhere(const char *op)
{
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++)
        if (!strcmp(elsewhere[i], op))
            return true;
    return false;
}

static void every_operation_has_values(void **state)
{
    (void)state;
    for (int i = 0; i < tg_op_count(); i++)
        if (!ran[i] && !is_elsewhere(tg_op_at(i)->name))
            fail_msg("no golden case runs %s: add values to tests/ops/golden", tg_op_at(i)->name);
}

static void check_file(const char *file, void (*check)(golden_case *c))
{
    FILE *f = fopen(file, "r");
    if (!f)
        fail_msg("cannot open %s", file);
    static golden_case c;
    int n = 0;
    for (; golden_next(f, &c); n++)
        check(&c);
    fclose(f);
    assert_true(n > 0);
}

/* Runs a check on every case, with every kernel set of this machine. */
static void for_every_case(void (*check)(golden_case *c))
{
    for (int set = 0; tg_kernel_set_at(set); set++) {
        assert_int_equal(tg_use_kernel_set(tg_kernel_set_at(set)), TG_OK);
        for (char **file = golden_files; *file; file++)
            check_file(*file, check);
    }
    tg_use_kernel_set(NULL);
}

/* The bound on errors: 1e-12 times the largest element. */
static double bound(const golden_array *golden)
{
    return 1e-12 * largest(golden);
}

static void meets_the_file(golden_case *c)
{
    for (int route = 0; route < N_ROUTES; route++) {
        static outcome o;
        run(c, TG_F64, (enum route)route, &o);
        compare(c, "result", 0, &o.out, &c->out, bound(&c->out));
        for (int i = 0; !c->is_constant && i < c->n_inputs; i++)
            compare(c, "gradient", i, &o.gradients[i], &c->gradients[i], bound(&c->gradients[i]));
    }
}

static void float64_meets_the_golden_values(void **state)
{
    (void)state;
    for_every_case(meets_the_file);
}

static void negate(golden_array *a)
{
    for (int i = 0; i < a->n; i++)
        a->values[i] = -a->values[i];
}

/* A negated cotangent negates every gradient, and the comparison sees it: a wrong sign cannot pass. */
static void sees_a_sign(golden_case *c)
{
    negate(&c->cotangent);
    static outcome o;
    if (c->is_constant)
        return;
    run(c, TG_F64, BACKWARD, &o);
    for (int i = 0; i < c->n_inputs; i++) {
        const golden_array *golden = &c->gradients[i];
        if (largest(golden) > 0 && disagreement(&o.gradients[i], golden, bound(golden)) == golden->n)
            fail_msg("golden case %d: a negated gradient of %s passed", c->number, c->op);
        negate(&o.gradients[i]);
        compare(c, "negated gradient", i, &o.gradients[i], golden, bound(golden));
    }
}

static void a_negated_gradient_is_seen(void **state)
{
    (void)state;
    for_every_case(sees_a_sign);
}

static void round_to_float(golden_array *a)
{
    for (int i = 0; i < a->n; i++)
        a->values[i] = (double)(float)a->values[i];
}

/* Float32 against float64 on the same inputs, rounded to float32 first, so that only the computation's own error counts:
   a few roundings on values as large as the result and what goes into it. */
static void float32_is_as_good(golden_case *c)
{
    double input = 0;
    for (int i = 0; i < c->n_inputs; i++) {
        round_to_float(&c->inputs[i]);
        input = fmax(input, largest(&c->inputs[i]));
    }
    round_to_float(&c->cotangent);
    const double eps = 4 * (double)FLT_EPSILON, cotangent = largest(&c->cotangent);
    static outcome exact, o;
    run(c, TG_F64, BACKWARD, &exact);
    for (int route = 0; route < N_ROUTES; route++) {
        run(c, TG_F32, (enum route)route, &o);
        compare(c, "float32 result", 0, &o.out, &exact.out, eps * fmax(input, largest(&exact.out)));
        for (int i = 0; !c->is_constant && i < c->n_inputs; i++)
            compare(c, "float32 gradient", i, &o.gradients[i], &exact.gradients[i],
                    eps * fmax(cotangent, largest(&exact.gradients[i])));
    }
}

static void float32_meets_float64(void **state)
{
    (void)state;
    for_every_case(float32_is_as_good);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: %s GOLDEN-FILE...\n", argv[0]);
        return 2;
    }
    golden_files = argv + 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(float64_meets_the_golden_values),
        cmocka_unit_test(every_operation_has_values),
        cmocka_unit_test(a_negated_gradient_is_seen),
        cmocka_unit_test(float32_meets_float64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
