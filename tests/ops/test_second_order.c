/* test_second_order.c - gradients of gradients against values that PyTorch computed in float64: functions written out,
   and random graphs that the file writes out. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "golden.h"
#include "sheet.h"

enum { N_CASES = 74, N_GRAPHS = 60 };

static const char *golden_file;

/* Functions ------------------------------------------------------------------------------------------------------- */

static tg_tensor total(tg_tensor x)
{
    return tg_sum(x, TG_ALL, false);
}

/* Cross-entropy of tanh(x w1 + b1) w2 + b2, plus 0.05 (|w1|^2 + |w2|^2) */
static tg_tensor network(const tg_tensor *x)
{
    tg_tensor w1 = x[1], b1 = x[2], w2 = x[3], b2 = x[4];
    tg_tensor logits = tg_linear(tg_tanh(tg_linear(x[0], w1, b1)), w2, b2);
    tg_tensor penalty = tg_add(total(tg_square(w1)), total(tg_square(w2)));
    return tg_add(tg_cross_entropy(logits, (int32_t[]){ 2, 0, 1, 1 }, TG_MEAN), tg_scale(penalty, 0.05));
}

/* |softmax(q k^T / 2) v|^2, a batch of two k and v for one q */
static tg_tensor attention(const tg_tensor *x)
{
    tg_tensor weights = tg_softmax(tg_scale(tg_matmul(x[0], tg_transpose(x[1])), 0.5), -1);
    return total(tg_square(tg_matmul(weights, x[2])));
}

/* mean gelu(layer_norm(x)) */
static tg_tensor normalised(const tg_tensor *x)
{
    return tg_mean(tg_gelu(tg_layer_norm(x[0], x[1], x[2], 1e-3)), TG_ALL, false);
}

/* sum over rows of logsumexp(x y) mean_j(sum_i log_softmax(x)_ij) + sum sigmoid(y) */
static tg_tensor free_energy(const tg_tensor *x)
{
    tg_tensor energy = tg_logsumexp(tg_mul(x[0], x[1]), 1, false);
    tg_tensor factor = tg_mean(tg_sum(tg_log_softmax(x[0], 0), 0, false), TG_ALL, false);
    return total(tg_add(tg_mul(energy, factor), tg_sum(tg_sigmoid(x[1]), 1, false)));
}

/* sum softplus(a)^b / (1 + c^2), broadcasting */
static tg_tensor powers(const tg_tensor *x)
{
    return total(tg_div(tg_pow(tg_softplus(x[0]), x[1]), tg_shift(tg_square(x[2]), 1)));
}

/* sum x / sqrt(var(x) + 1/2) e^-y */
static tg_tensor standardised(const tg_tensor *x)
{
    tg_tensor deviation = tg_sqrt(tg_shift(tg_var(x[0], 0, 1, false), 0.5));
    return total(tg_mul(tg_div(x[0], deviation), tg_exp(tg_neg(x[1]))));
}

/* a = [x columns 1 .. 3, y]^T;  sum sin(a) times rows 3 0 3 2 1 of a, reshaped */
static tg_tensor windows(const tg_tensor *x)
{
    tg_tensor parts[] = { tg_slice(x[0], 1, 1, 4), x[1] };
    tg_tensor a = tg_permute(tg_concat(parts, 2, 1), (int[]){ 1, 0 });
    tg_tensor picked = tg_gather_rows(a, (int32_t[]){ 3, 0, 3, 2, 1 }, 5);
    return total(tg_mul(tg_sin(a), tg_reshape(picked, TG_SHAPE(5, -1))));
}

/* sum silu(a) elu(b) + erf(a b) + leaky_relu(a b) cos(a) */
static tg_tensor smooth(const tg_tensor *x)
{
    tg_tensor a = x[0], b = x[1], ab = tg_mul(a, b);
    tg_tensor left = tg_mul(tg_silu(a), tg_elu(b, 0.75)), right = tg_mul(tg_leaky_relu(ab, 0.1), tg_cos(a));
    return total(tg_add(tg_add(left, tg_erf(ab)), right));
}

/* binary cross-entropy of x against sigmoid(y), plus |sin x - y z|^2 */
static tg_tensor losses(const tg_tensor *x)
{
    return tg_add(tg_bce_with_logits(x[0], tg_sigmoid(x[1]), TG_MEAN),
                  tg_mse_loss(tg_sin(x[0]), tg_mul(x[1], x[2]), TG_SUM));
}

/* sum_i max_j(x^2) sum_j sin(y) + min_j(maximum(x, y)^3), plus sum clamp(minimum(x y, |x|)) relu(x) x */
static tg_tensor extremes(const tg_tensor *x)
{
    tg_tensor most = tg_mul(tg_max(tg_square(x[0]), 1, false), tg_sum(tg_sin(x[1]), 1, false));
    tg_tensor least = tg_min(tg_pow_scalar(tg_maximum(x[0], x[1]), 3), 1, false);
    tg_tensor held = tg_clamp(tg_minimum(tg_mul(x[0], x[1]), tg_abs(x[0])), -0.5, 0.75);
    return tg_add(total(tg_add(most, least)), total(tg_mul(tg_mul(held, tg_relu(x[0])), x[0])));
}

/* sum (x > 0 ? ln(1 + x^2) y : e^(x y)) sqrt(y^2 + 1) */
static tg_tensor chosen(const tg_tensor *x)
{
    tg_tensor a = tg_mul(tg_log1p(tg_square(x[0])), x[1]), b = tg_exp(tg_mul(x[0], x[1]));
    return total(tg_mul(tg_where(tg_relu(x[0]), a, b), tg_sqrt(tg_shift(tg_square(x[1]), 1))));
}

/* mean tanh(rows 1 0 1 2 of the table times w)^2 */
static tg_tensor rows(const tg_tensor *x)
{
    tg_tensor picked = tg_gather_rows(x[0], (int32_t[]){ 1, 0, 1, 2 }, 4);
    return tg_mean(tg_square(tg_tanh(tg_matmul(picked, x[1]))), TG_ALL, false);
}

/* cross-entropy of x against softmax(t) */
static tg_tensor distilled(const tg_tensor *x)
{
    return tg_cross_entropy_probs(x[0], tg_softmax(x[1], 1), TG_MEAN);
}

/* sum 1 / (2 + sin(a b)), a batch of two a for one b */
static tg_tensor batched(const tg_tensor *x)
{
    return total(tg_reciprocal(tg_shift(tg_sin(tg_matmul(x[0], x[1])), 2)));
}

static const struct {
    const char *name;
    tg_tensor (*f)(const tg_tensor *x);
} functions[] = {
    { "network", network },         { "attention", attention }, { "normalised", normalised },
    { "free_energy", free_energy }, { "powers", powers },       { "standardised", standardised },
    { "windows", windows },         { "smooth", smooth },       { "losses", losses },
    { "extremes", extremes },       { "chosen", chosen },       { "rows", rows },
    { "distilled", distilled },     { "batched", batched },
};
enum { N_FUNCTIONS = sizeof functions / sizeof functions[0] };

/* Graphs ---------------------------------------------------------------------------------------------------------- */

/* "t1" or "0.25": a tensor's number, or a literal one. */
typedef struct argument {
    bool is_tensor;
    int tensor;
    double number;
} argument;

static argument read_argument(const char *text)
{
    argument a = { .is_tensor = text[0] == 't' };
    if (a.is_tensor)
        a.tensor = atoi(text + 1);
    else
        a.number = strtod(text, NULL);
    return a;
}

/* One step, "t4=mul(t0,t3)" or "t5=softmax(t4,1)". */
static tg_tensor step(const golden_case *c, const char *text, const tg_tensor *t)
{
    char name[32] = "", first[16] = "", second[16] = "";
    if (sscanf(text, "t%*d=%31[a-z0-9_](%15[t0-9],%15[-.t0-9])", name, first, second) < 2)
        fail_msg("golden case %d: %s is no step", c->number, text);
    const sheet_row *r = sheet_find(name);
    const argument a = read_argument(first), b = read_argument(second);
    if (!r || !a.is_tensor || b.is_tensor != (r->binary != NULL))
        fail_msg("golden case %d: cannot call %s", c->number, text);
    tg_tensor x = t[a.tensor];
    if (r->unary)
        return r->unary(x);
    if (r->by_number)
        return r->by_number(x, b.number);
    if (r->binary)
        return r->binary(x, t[b.tensor]);
    if (r->reduce)
        return r->reduce(x, (int)b.number, true);
    return r->by_axis(x, (int)b.number);
}

static tg_tensor graph(const golden_case *c, const tg_tensor *x, int n)
{
    tg_tensor t[64];
    memcpy(t, x, (size_t)n * sizeof *x);
    for (const char *at = strstr(c->attributes, " t"); at; at = strstr(at + 1, " t")) {
        assert_in_range(n, 0, 63);
        t[n] = step(c, at + 1, t);
        n++;
    }
    return total(t[n - 1]);
}

/* Checking -------------------------------------------------------------------------------------------------------- */

static int function_of(const golden_case *c)
{
    int i = 0;
    while (i < N_FUNCTIONS && strcmp(functions[i].name, c->op))
        i++;
    return i;
}

static void ok(const golden_case *c, const tg_tape *tape)
{
    if (tg_tape_status(tape) != TG_OK)
        fail_msg("case %d, %s: %s", c->number, c->op, tg_tape_message(tape));
}

static void near(const golden_case *c, const char *what, tg_tensor x, const golden_array *golden)
{
    double values[GOLDEN_ELEMENTS], largest = 0;
    tg_read(x, values, golden->n);
    ok(c, x.tape);
    for (int i = 0; i < golden->n; i++)
        largest = fmax(largest, fabs(golden->values[i]));
    for (int i = 0; i < golden->n; i++)
        if (!(fabs(values[i] - golden->values[i]) <= 1e-12 * largest))
            fail_msg("case %d, %s%s: %s, element %d: %.17g, not %.17g (%s kernels)", c->number, c->op, c->attributes,
                     what, i, values[i], golden->values[i], tg_kernel_set());
}

static void check(const golden_case *c)
{
    static const char *const names[] = { "h",     "dh/d0", "dh/d1", "dh/d2", "dh/d3", "dh/d4",
                                         "dh/d5", "dh/d6", "dh/d7", "dh/d8", "dh/d9", "dh/d10" };
    const int n = c->n_inputs / 2, f = function_of(c);
    tg_tape *tape = tg_tape_create(TG_F64);
    tg_tensor x[GOLDEN_INPUTS], g[GOLDEN_INPUTS], h = tg_full(tape, TG_SCALAR, 0);
    for (int i = 0; i < c->n_inputs; i++)
        x[i] = tg_variable(tape, c->inputs[i].shape, c->inputs[i].values);
    tg_tensor y = f < N_FUNCTIONS ? functions[f].f(x) : graph(c, x, n);
    tg_grad(y, (tg_tensor){ 0 }, x, n, g, TG_CREATE_GRAPH);
    for (int i = 0; i < n; i++)
        h = tg_add(h, total(tg_mul(g[i], x[n + i])));
    ok(c, tape);
    near(c, names[0], h, &c->out);
    tg_tensor cotangent = tg_constant(tape, TG_SCALAR, c->cotangent.values);
    tg_backward_from(h, cotangent);
    for (int i = 0; i < c->n_inputs; i++)
        near(c, names[1 + i], tg_grad_of(x[i]), &c->gradients[i]);
    tg_grad(h, cotangent, x, c->n_inputs, g, TG_CREATE_GRAPH);
    for (int i = 0; i < c->n_inputs; i++)
        near(c, names[1 + i], g[i], &c->gradients[i]);
    tg_tape_destroy(tape);
}

static void second_derivatives_meet_the_golden_values(void **state)
{
    (void)state;
    for (int set = 0; tg_kernel_set_at(set); set++) {
        assert_int_equal(tg_use_kernel_set(tg_kernel_set_at(set)), TG_OK);
        FILE *f = fopen(golden_file, "r");
        if (!f)
            fail_msg("cannot open %s", golden_file);
        golden_case c;
        int n = 0, n_of[N_FUNCTIONS + 1] = { 0 };
        for (; golden_next(f, &c); n++) {
            n_of[function_of(&c)]++;
            check(&c);
        }
        fclose(f);
        assert_int_equal(n, N_CASES);
        for (int i = 0; i < N_FUNCTIONS; i++)
            assert_int_equal(n_of[i], 1);
        assert_int_equal(n_of[N_FUNCTIONS], N_GRAPHS);
    }
    tg_use_kernel_set(NULL);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s GOLDEN-FILE\n", argv[0]);
        return 2;
    }
    golden_file = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(second_derivatives_meet_the_golden_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
