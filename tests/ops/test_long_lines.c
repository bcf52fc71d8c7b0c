/* test_long_lines.c - a reduction of a line so long that it is cut into parts, against the same line beside others, which is not. */
#include <stdlib.h>

#include "points.h"
#include "sheet.h"

enum { LINES = 16 };
static const int64_t LENGTH = (1 << 18) + 3;

static void parts_of_a_line_are_joined_correctly(void **state)
{
    (void)state;
    tg_tape *tape = tg_tape_create(TG_F64);
    double *x = malloc(sizeof *x * (size_t)(LINES * LENGTH));
    assert_non_null(x);
    tg_rng rng = tg_rng_seed(3);
    for (int64_t i = 0; i < LINES * LENGTH; i++)
        x[i] = tg_rng_between(&rng, 0.5, 1.5);
    int n = 0;
    for (int i = 0; i < sheet_rows; i++) {
        if (!sheet[i].reduce)
            continue;
        n++;
        double whole[LINES];
        const tg_tensor lines = tg_wrap(tape, TG_SHAPE(LINES, LENGTH), x), line = tg_wrap(tape, TG_SHAPE(LENGTH), x);
        tg_read(sheet[i].reduce(lines, 1, false), whole, LINES);
        const double cut = tg_item(sheet[i].reduce(line, TG_ALL, false));
        assert_int_equal(tg_tape_status(tape), TG_OK);
        if (!(fabs(cut - whole[0]) <= 1e-12 * fabs(whole[0])))
            fail_msg("%s: %.17g of a line that is cut into parts, %.17g of the same line in one piece: "
                     "does the loop need .whole_lines?",
                     sheet[i].op, cut, whole[0]);
        tg_tape_reset(tape);
    }
    assert_true(n > 0);
    free(x);
    tg_tape_destroy(tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(parts_of_a_line_are_joined_correctly) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
