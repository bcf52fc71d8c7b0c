/* test_first.c - the first program prints what the README says: argv is the program, its source, the README. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "scratch.h"

#include <stdbool.h>

#include "process.h"

static char program[4096], source[4096], readme[4096];

static int enter(void **state)
{
    return scratch_open(state) == 0 ? chdir(((scratch *)*state)->dir) : -1;
}

static int leave(void **state)
{
    return chdir("/") == 0 ? scratch_close(state) : -1;
}

static void test_output(void **state)
{
    (void)state;
    const tg_run *run = tg_wait(tg_start((const char *const[]){ program, NULL }));
    assert_int_equal(run->status, 0);
    assert_string_equal(run->err, "");
    assert_string_equal(run->out, "[  80.3421, -0.135335]  [2] f32\n");
}

/* The README shows the source below its first line, and the output. */
static void test_readme(void **state)
{
    (void)state;
    static char code[PRINTED_MOST];
    snprintf(code, sizeof code, "%s", tg_text_of(source));
    const char *const shown = strchr(code, '\n');
    assert_non_null(shown);
    assert_non_null(strstr(tg_text_of(readme), shown + 1));
    assert_non_null(strstr(tg_text_of(readme), "[  80.3421, -0.135335]  [2] f32\n"));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_output), cmocka_unit_test(test_readme) };
    if (argc != 4 || !realpath(argv[1], program) || !realpath(argv[2], source) || !realpath(argv[3], readme))
        return EXIT_FAILURE;
    return cmocka_run_group_tests(tests, enter, leave);
}
