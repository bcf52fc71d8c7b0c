/* test_golden.c - every operation and its gradient against values that PyTorch computed in float64. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "golden.h"
#include "sheet.h"
#include "tapegrad.h"

enum { N_CASES = 242 };

static const char *golden_file;

/* From a case to a call ------------------------------------------------------------------------------------------- */

static int axis_of(const golden_case *c)
{
    return !strncmp(golden_text(c, "axis"), "all", 3) ? TG_ALL : (int)golden_number(c, "axis");
}

static tg_shape shape_of(const golden_case *c)
{
    double sizes[TG_MAX_RANK];
    tg_shape s = { .rank = golden_list(c, "shape", sizes, TG_MAX_RANK) };
    for (int d = 0; d < s.rank; d++)
        s.dims[d] = (int64_t)sizes[d];
    return s;
}

static tg_reduction reduction_of(const golden_case *c)
{
    static const char *const names[] = { [TG_MEAN] = "mean ", [TG_SUM] = "sum ", [TG_NONE] = "none " };
    for (int i = 0; i < 3; i++)
        if (!strncmp(golden_text(c, "reduction"), names[i], strlen(names[i])))
            return (tg_reduction)i;
    fail_msg("golden case %d: no reduction", c->number);
    return TG_NONE;
}

static tg_tensor clamp(const golden_case *c, const tg_tensor *x)
{
    return tg_clamp(x[0], golden_number(c, "lo"), golden_number(c, "hi"));
}

static tg_tensor where(const golden_case *c, const tg_tensor *x)
{
    double mask[GOLDEN_ELEMENTS];
    int n = golden_list(c, "mask", mask, GOLDEN_ELEMENTS);
    return tg_where(tg_constant(x[0].tape, TG_SHAPE(n), mask), x[0], x[1]);
}

static tg_tensor var(const golden_case *c, const tg_tensor *x)
{
    return tg_var(x[0], axis_of(c), golden_number(c, "correction"), golden_number(c, "keepdim") != 0);
}

static tg_tensor reshape(const golden_case *c, const tg_tensor *x)
{
    return tg_reshape(x[0], shape_of(c));
}

static tg_tensor broadcast_to(const golden_case *c, const tg_tensor *x)
{
    return tg_broadcast_to(x[0], shape_of(c));
}

static tg_tensor permute(const golden_case *c, const tg_tensor *x)
{
    double list[TG_MAX_RANK];
    int axes[TG_MAX_RANK], n = golden_list(c, "axes", list, TG_MAX_RANK);
    for (int i = 0; i < n; i++)
        axes[i] = (int)list[i];
    return tg_permute(x[0], axes);
}

static tg_tensor slice(const golden_case *c, const tg_tensor *x)
{
    return tg_slice(x[0], axis_of(c), (int64_t)golden_number(c, "start"), (int64_t)golden_number(c, "stop"));
}

static tg_tensor concat(const golden_case *c, const tg_tensor *x)
{
    return tg_concat(x, c->n_inputs, axis_of(c));
}

static tg_tensor gather_rows(const golden_case *c, const tg_tensor *x)
{
    return tg_gather_rows(x[0], c->labels, c->n_labels);
}

static tg_tensor linear(const golden_case *c, const tg_tensor *x)
{
    return tg_linear(x[0], x[1], c->n_inputs > 2 ? x[2] : (tg_tensor){ 0 });
}

static tg_tensor cross_entropy(const golden_case *c, const tg_tensor *x)
{
    return tg_cross_entropy(x[0], c->labels, reduction_of(c));
}

static tg_tensor layer_norm(const golden_case *c, const tg_tensor *x)
{
    return tg_layer_norm(x[0], x[1], x[2], golden_number(c, "eps"));
}

/* The operations whose functions have a form of their own; the others are in the sheet. */
static const struct row {
    const char *op;
    tg_tensor (*call)(const golden_case *, const tg_tensor *);
} rows[] = {
    { "clamp", clamp },
    { "where", where },
    { "var", var },
    { "reshape", reshape },
    { "permute", permute },
    { "slice", slice },
    { "concat", concat },
    { "broadcast_to", broadcast_to },
    { "gather_rows", gather_rows },
    { "linear", linear },
    { "cross_entropy", cross_entropy },
    { "layer_norm", layer_norm },
};
enum { N_ROWS = sizeof rows / sizeof rows[0] };

static const struct row *row_of(const golden_case *c)
{
    for (int i = 0; i < N_ROWS; i++)
        if (!strcmp(rows[i].op, c->op))
            return &rows[i];
    fail_msg("golden case %d: no row for %s", c->number, c->op);
    return NULL;
}

static tg_tensor call(const golden_case *c, const tg_tensor *x)
{
    const sheet_row *r = sheet_find(c->op);
    if (!r)
        return row_of(c)->call(c, x);
    if (r->unary)
        return r->unary(x[0]);
    if (r->by_number)
        return r->by_number(x[0],
                            *golden_text(c, r->number) ? golden_number(c, r->number) : 1); /* of elu: left out */
    if (r->binary)
        return r->binary(x[0], x[1]);
    if (r->reduce)
        return r->reduce(x[0], axis_of(c), golden_number(c, "keepdim") != 0);
    if (r->by_axis)
        return r->by_axis(x[0], axis_of(c));
    return r->loss(x[0], x[1], reduction_of(c));
}

/* Running a case -------------------------------------------------------------------------------------------------- */

/* What a run of a case yields, in the shape of what the file says. */
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

static outcome run(const golden_case *c, tg_dtype dtype, enum route route)
{
    tg_tape *tape = tg_tape_create(dtype);
    tg_tensor x[GOLDEN_INPUTS], g[GOLDEN_INPUTS];
    for (int i = 0; i < c->n_inputs; i++)
        x[i] = tg_variable(tape, c->inputs[i].shape, c->inputs[i].values);
    tg_tensor y = call(c, x);
    outcome o = { .out = array_of(c, y) };
    if (!tg_shape_equal(&o.out.shape, &c->cotangent.shape))
        fail_msg("golden case %d: the result of %s has another shape", c->number, c->op);
    differentiate(c, y, tg_constant(tape, c->cotangent.shape, c->cotangent.values), x, route, g);
    for (int i = 0; i < c->n_inputs; i++)
        o.gradients[i] = array_of(c, g[i]);
    tg_tape_destroy(tape);
    return o;
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

/* Every operation has a case: counted by name, in the sheet and in the rows above. */
typedef struct tally {
    int of_sheet[64], of_rows[N_ROWS];
} tally;

static void count(tally *t, const golden_case *c)
{
    const sheet_row *r = sheet_find(c->op);
    if (r)
        t->of_sheet[r - sheet]++;
    else
        t->of_rows[row_of(c) - rows]++;
}

static void all_are_there(const tally *t)
{
    for (int i = 0; i < sheet_rows; i++)
        if (t->of_sheet[i] == 0)
            fail_msg("no golden case of %s", sheet[i].op);
    for (int i = 0; i < N_ROWS; i++)
        if (t->of_rows[i] == 0)
            fail_msg("no golden case of %s", rows[i].op);
}

/* Runs a check on every case, with every kernel set of this machine. */
static void for_every_case(void (*check)(golden_case *c))
{
    for (int set = 0; tg_kernel_set_at(set); set++) {
        assert_int_equal(tg_use_kernel_set(tg_kernel_set_at(set)), TG_OK);
        FILE *f = fopen(golden_file, "r");
        if (!f)
            fail_msg("cannot open %s", golden_file);
        golden_case c;
        tally t = { .of_sheet = { 0 } };
        int n = 0;
        for (; golden_next(f, &c); n++) {
            count(&t, &c);
            check(&c);
        }
        fclose(f);
        assert_int_equal(n, N_CASES);
        all_are_there(&t);
    }
    tg_use_kernel_set(NULL);
}

/* The contract: an error of 1e-12 of the largest element. */
static double bound(const golden_array *golden)
{
    return 1e-12 * largest(golden);
}

static void meets_the_file(golden_case *c)
{
    for (int route = 0; route < N_ROUTES; route++) {
        outcome o = run(c, TG_F64, (enum route)route);
        compare(c, "result", 0, &o.out, &c->out, bound(&c->out));
        for (int i = 0; i < c->n_inputs; i++)
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
    outcome o = run(c, TG_F64, BACKWARD);
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
    const outcome exact = run(c, TG_F64, BACKWARD);
    for (int route = 0; route < N_ROUTES; route++) {
        outcome o = run(c, TG_F32, (enum route)route);
        compare(c, "float32 result", 0, &o.out, &exact.out, eps * fmax(input, largest(&exact.out)));
        for (int i = 0; i < c->n_inputs; i++)
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
    if (argc != 2) {
        fprintf(stderr, "usage: %s GOLDEN-FILE\n", argv[0]);
        return 2;
    }
    golden_file = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(float64_meets_the_golden_values),
        cmocka_unit_test(a_negated_gradient_is_seen),
        cmocka_unit_test(float32_meets_float64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
