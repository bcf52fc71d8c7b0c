/* test_op_memory.c - every operation with memory failing at the first, second, third, ... allocation. */
#include "naive.h"

#include <stdio.h>

#include "failing_allocator.h"
#include "tapegrad/op.h"

/* The inputs of a sample, filled with numbers between 0 and 1. */
static int inputs_of(tg_tape *t, const tg_sample *s, tg_tensor *x)
{
    double v[256];
    for (int i = 0; i < s->n; i++) {
        const tg_sample_input *in = &s->inputs[i];
        x[i] = (tg_tensor){ 0 };
        if (in->kind == TG_SAMPLE_ABSENT)
            continue;
        for (int64_t j = 0; j < tg_shape_size(&in->shape); j++)
            v[j] = (double)(1 + j % 7) / 8;
        x[i] = in->kind == TG_SAMPLE_MASK ? tg_constant_f64(t, in->shape, v) : tg_variable_f64(t, in->shape, v);
    }
    return s->n;
}

/* Runs the operation, its gradient and second derivative on a tape whose allocation fails; returns the status, and checks that
   nothing leaked. */
static tg_status run(const tg_op *op, const tg_sample *s, failing *f, char *message, size_t size)
{
    const tg_allocator allocator = failing_allocator(f);
    tg_tape *t = tg_tape_create_with(TG_F64, &allocator);
    tg_tensor x[4], g[4], wanted[4];
    int n = inputs_of(t, s, x), n_wanted = 0;
    for (int i = 0; i < n; i++)
        if (s->inputs[i].kind == TG_SAMPLE_REAL)
            wanted[n_wanted++] = x[i];
    const tg_tensor y = tg_apply(op, x, n, s->attributes, s->attribute_bytes);
    tg_backward(tg_sum(tg_mul(y, y), TG_ALL, false));
    tg_grad(tg_sum(tg_mul(y, y), TG_ALL, false), (tg_tensor){ 0 }, wanted, n_wanted, g, TG_CREATE_GRAPH);
    const tg_tensor z = tg_sum(tg_mul(g[0], g[0]), TG_ALL, false);
    if (tg_needs_grad(z))
        tg_backward(z);
    const tg_status status = tg_tape_status(t);
    snprintf(message, size, "%s", tg_tape_message(t));
    tg_tape_destroy(t);
    return status;
}

/* Whether the message names the operation that got no memory. */
static bool names_who(const char *message)
{
    const char *what = strstr(message, ": no memory");
    return what && what > message;
}

static void whatever_allocation_fails_is_said_and_nothing_leaks(void **state)
{
    (void)state;
    char message[512];
    for (int i = 0; i < tg_op_count(); i++) {
        const tg_op *op = tg_op_at(i);
        for (int s = 0; s < op->n_samples; s++) {
            tg_status status = TG_ERR_MEMORY;
            for (long at = 1; status == TG_ERR_MEMORY; at++) {
                failing f = { .fail_at = at };
                status = run(op, &op->samples[s], &f, message, sizeof message);
                assert_int_equal(f.outstanding, 0);
                if (status == TG_ERR_MEMORY ? f.calls < at : f.calls >= at)
                    fail_msg("%s: allocation %ld failed: %s", op->name, at, message);
                if (status == TG_ERR_MEMORY && !names_who(message))
                    fail_msg("%s: %s", op->name, message);
            }
            if (status != TG_OK)
                fail_msg("%s, sample %d: %s", op->name, s, message);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(whatever_allocation_fails_is_said_and_nothing_leaks) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
