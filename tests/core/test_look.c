/* test_look.c - prints of tensors, and visits in order. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tapegrad.h"

static const char *printed(tg_tensor x, char *text, size_t size)
{
    memset(text, 0, size);
    FILE *f = fmemopen(text, size, "w");
    tg_print(f, x);
    fclose(f);
    return text;
}

static void prints_look_like_numpys(void **state)
{
    (void)state;
    static char text[8192];
    tg_tape *t = tg_tape_create(TG_F64);
    assert_string_equal(printed(tg_full(t, TG_SCALAR, 0.1), text, sizeof text), "0.1  [] f64\n");
    assert_string_equal(printed(tg_full(t, TG_SHAPE(0), 1), text, sizeof text), "[]  [0] f64\n");
    tg_tensor x = tg_name(tg_variable(t, TG_SHAPE(2, 2), ((double[]){ 1, -2.5, 1e-9, (double)NAN })), "w");
    assert_string_equal(printed(x, text, sizeof text), "[[    1,  -2.5],\n [1e-09,   nan]]  w [2, 2] f64\n");
    assert_string_equal(printed(tg_reshape(x, TG_SHAPE(2, 1, 2)), text, sizeof text),
                        "[[[    1,  -2.5]],\n [[1e-09,   nan]]]  [2, 1, 2] f64\n");
    static double many[1200];
    for (int i = 0; i < 1200; i++)
        many[i] = i;
    assert_string_equal(printed(tg_variable(t, TG_SHAPE(1200), many), text, sizeof text),
                        "[   0,    1,    2, ..., 1197, 1198, 1199]  [1200] f64\n");
    assert_string_equal(
        printed(tg_variable(t, TG_SHAPE(300, 4), many), text, sizeof text),
        "[[   0,    1,    2,    3],\n [   4,    5,    6,    7],\n [   8,    9,   10,   11],\n ...,\n"
        " [1188, 1189, 1190, 1191],\n [1192, 1193, 1194, 1195],\n [1196, 1197, 1198, 1199]]  [300, 4] f64\n");
    const tg_tensor empty = tg_full(t, TG_SHAPE((int64_t)1 << 40, 0), 1); /* at once, and as NumPy's */
    assert_string_equal(printed(empty, text, sizeof text), "[]  [1099511627776, 0] f64\n");
    tg_name(x, "\x1b[2J");
    assert_non_null(strstr(printed(x, text, sizeof text), "  \\x1b[2J [2, 2] f64\n"));
    tg_tape_set_trap(t, TG_TRAP_NONFINITE);
    const tg_mark mark = tg_tape_mark(t);
    tg_exp(x);
    assert_non_null(strstr(tg_tape_message(t), "\\x1b[2J"));
    assert_null(strchr(tg_tape_message(t), '\x1b'));
    assert_int_equal(tg_tape_rewind(t, mark), TG_OK);
    tg_add(x, tg_full(t, TG_SHAPE(3), 1));
    assert_non_null(
        strstr(printed(x, text, sizeof text), "(no tensor: add: \"\\x1b[2J\" [2, 2] x [3]: sizes 2 and 3"));
    assert_int_equal(tg_print(NULL, x), TG_ERR_SHAPE);
    tg_tape_destroy(t);
}

static bool collect(void *context, const tg_visit *v)
{
    char *text = context;
    strcat(strcat(text, v->op), v->name ? "=" : "");
    strcat(strcat(text, v->name ? v->name : ""), v->n_inputs ? "(" : " ");
    for (int i = 0; i < v->n_inputs; i++)
        strcat(text, i + 1 < v->n_inputs ? "x," : "x) ");
    assert_true(v->needs_grad == tg_needs_grad(v->tensor));
    return v->op[0] != 't';
}

static void visits_come_in_order(void **state)
{
    (void)state;
    char text[256] = "";
    tg_tape *t = tg_tape_create(TG_F64);
    tg_tensor x = tg_name(tg_variable(t, TG_SCALAR, (double[]){ 1 }), "x"), c = tg_full(t, TG_SCALAR, 2);
    tg_exp(tg_tanh(tg_mul(x, c)));
    assert_int_equal(tg_tape_each(t, collect, text), TG_OK);
    assert_string_equal(text, "variable=x constant mul(x,x) tanh(x) ");
    assert_int_equal(tg_tape_each(NULL, collect, text), TG_ERR_ARGUMENT);
    assert_int_equal(tg_tape_each(t, NULL, text), TG_ERR_ARGUMENT);
    tg_tape_destroy(t);
}

enum { MANY = 400000 };

static bool count_named(void *context, const tg_visit *v)
{
    *(int *)context += v->name && !strcmp(v->name, v->tensor.id % 3 ? "name" : "another");
    return true;
}

/* From the last to the first, which is the worst order for a sorted list, and some twice: in 20 seconds, not in minutes. */
static void many_names_take_no_long_time(void **state)
{
    (void)state;
    const clock_t start = clock();
    tg_tape *t = tg_tape_create(TG_F32);
    tg_tensor *x = malloc(MANY * sizeof *x);
    int named = 0;
    assert_non_null(x);
    for (int i = 0; i < MANY; i++)
        x[i] = tg_full(t, TG_SCALAR, 1);
    for (int i = MANY; i-- > 0;)
        assert_true(tg_is_valid(tg_name(x[i], "name")));
    for (int i = 0; i < MANY; i++)
        if (x[i].id % 3 == 0)
            tg_name(x[i], "another");
    assert_int_equal(tg_tape_each(t, count_named, &named), TG_OK);
    assert_int_equal(named, MANY);
    assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
    tg_tape_reset(t);
    tg_full(t, TG_SCALAR, 1); /* takes the number of one that had a name */
    named = 0;
    assert_int_equal(tg_tape_each(t, count_named, &named), TG_OK);
    assert_int_equal(named, 0);
    free(x);
    tg_tape_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_look_like_numpys),
        cmocka_unit_test(visits_come_in_order),
        cmocka_unit_test(many_names_take_no_long_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
