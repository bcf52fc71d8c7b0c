/* test_select.c - the choice of a kernel set: by default, by name, by the environment. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "kernels/kernels.h"
#include "nn/optimizer.h"
#include "ops/index.h"

static int sets(void)
{
    int n = 0;
    while (tg_kernel_set_at(n))
        n++;
    return n;
}

static void generic_is_last_and_always_there(void **state)
{
    (void)state;
    assert_true(sets() >= 1);
    assert_string_equal(tg_kernel_set_at(sets() - 1), "generic");
    assert_null(tg_kernel_set_at(-1));
    assert_null(tg_kernel_set_at(sets() + 5));
}

static void the_default_is_the_best(void **state)
{
    (void)state;
    unsetenv("TAPEGRAD_KERNELS");
    assert_int_equal(tg_use_kernel_set(NULL), TG_OK);
    assert_string_equal(tg_kernel_set(), tg_kernel_set_at(0));
}

static void every_set_can_be_chosen(void **state)
{
    (void)state;
    for (int i = 0; i < sets(); i++) {
        assert_int_equal(tg_use_kernel_set(tg_kernel_set_at(i)), TG_OK);
        assert_string_equal(tg_kernel_set(), tg_kernel_set_at(i));
        assert_string_equal(tg_kernels_for(TG_F32)->name, tg_kernel_set_at(i));
        assert_string_equal(tg_kernels_for(TG_F64)->name, tg_kernel_set_at(i));
        assert_ptr_not_equal(tg_kernels_for(TG_F32), tg_kernels_for(TG_F64));
    }
}

static void an_unknown_name_changes_nothing(void **state)
{
    (void)state;
    tg_use_kernel_set("generic");
    assert_int_equal(tg_use_kernel_set("avx1024"), TG_ERR_ARGUMENT);
    assert_int_equal(tg_use_kernel_set(""), TG_ERR_ARGUMENT);
    assert_string_equal(tg_kernel_set(), "generic");
}

static void the_environment_chooses_the_default(void **state)
{
    (void)state;
    setenv("TAPEGRAD_KERNELS", "generic", 1);
    assert_int_equal(tg_use_kernel_set(NULL), TG_OK);
    assert_string_equal(tg_kernel_set(), "generic");
    setenv("TAPEGRAD_KERNELS", "avx1024", 1);
    assert_int_equal(tg_use_kernel_set(NULL), TG_OK);
    assert_string_equal(tg_kernel_set(), tg_kernel_set_at(0));
    unsetenv("TAPEGRAD_KERNELS");
}

/* tg_environment_check reports a value that has no effect, with a sentence. */
static void values_without_effect_are_reported(void **state)
{
    (void)state;
    static const struct {
        const char *kernels, *threads, *text; /* part of the message; NULL for TG_OK */
    } cases[] = {
        { NULL, NULL, NULL },
        { "", "", NULL },
        { "generic", "3", NULL },
        { "avx9", NULL, "TAPEGRAD_KERNELS is 'avx9', which is no kernel set that this machine runs: these are " },
        { "GENERIC", "3", "'GENERIC'" },
        { "\x1b[2J", "3", "'\\x1b[2J'" },
        { "generic", "many", "TAPEGRAD_THREADS is 'many', expected a number of threads from 1 to 64" },
        { NULL, "0", "'0'" },
        { NULL, "-1", "'-1'" },
        { NULL, "4x", "'4x'" },
        { NULL, "65", "'65'" },
        { NULL, "99999999999999999999", "'99999999999999999999'" },
        { NULL, "64", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tg_error err = { .status = TG_ERR_IO, .text = "old" };
        setenv("TAPEGRAD_KERNELS", cases[i].kernels ? cases[i].kernels : "", 1);
        setenv("TAPEGRAD_THREADS", cases[i].threads ? cases[i].threads : "", 1);
        const tg_status status = tg_environment_check(&err);
        assert_int_equal(status, cases[i].text ? TG_ERR_ARGUMENT : TG_OK);
        assert_int_equal(err.status, status);
        assert_non_null(strstr(err.text, cases[i].text ? cases[i].text : ""));
        assert_int_equal(err.text[0] != '\0', cases[i].text != NULL);
        assert_int_equal(tg_environment_check(NULL), status);
    }
    unsetenv("TAPEGRAD_KERNELS");
    unsetenv("TAPEGRAD_THREADS");
}

static void every_table_is_complete(void **state)
{
    (void)state;
    for (int i = 0; i < sets(); i++) {
        tg_use_kernel_set(tg_kernel_set_at(i));
        for (int dtype = TG_F32; dtype <= TG_F64; dtype++) {
            const tg_kernels *k = tg_kernels_for((tg_dtype)dtype);
            assert_true(k->gemm && k->add && k->add_wide && k->scale && k->sum_squares && k->all_finite);
            for (int u = 0; u < TG_UPDATE_COUNT; u++)
                assert_non_null(k->update[u]);
            assert_true(k->gemm_rows > 0 && k->gemm_columns > 0);
#define OP(file, name)
#define LOOP(file, name) assert_non_null(k->loop[TG_INDEX_##name]);
#include "ops/ops.list"
#undef OP
#undef LOOP
        }
    }
    tg_use_kernel_set(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generic_is_last_and_always_there),
        cmocka_unit_test(the_default_is_the_best),
        cmocka_unit_test(every_set_can_be_chosen),
        cmocka_unit_test(an_unknown_name_changes_nothing),
        cmocka_unit_test(the_environment_chooses_the_default),
        cmocka_unit_test(values_without_effect_are_reported),
        cmocka_unit_test(every_table_is_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
