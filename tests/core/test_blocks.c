/* test_blocks.c - long tapes: nodes, slots and names around the ends of chunks and blocks, and failures to allocate them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/label.h"
#include "core/tape.h"
#include "failing_allocator.h"
#include "tapegrad.h"

enum { CHUNK = TG_NODES_PER_CHUNK, NODES = 9 * CHUNK };

/* Node i of the chain has value i. */
static tg_tensor extend(tg_tensor y, uint32_t to)
{
    while (y.id && y.id < to)
        y = tg_shift(y, 1);
    return y;
}

static tg_tensor begin(tg_tape *t)
{
    return tg_variable(t, TG_SCALAR, &(double){ 1 });
}

static double slope_of(tg_tensor y, tg_tensor x)
{
    assert_int_equal(tg_backward(y), TG_OK);
    return tg_item(tg_grad_of(x));
}

static void blocks_double(void **state)
{
    (void)state;
    uint32_t first = 0, blocks = 0;
    for (; first < 8 * TG_MOST_BLOCK_CHUNKS; first += tg_block_chunks(first), blocks++)
        assert_in_range(tg_block_chunks(first), 1, TG_MOST_BLOCK_CHUNKS);
    assert_int_equal(first, 8 * TG_MOST_BLOCK_CHUNKS);
    assert_int_equal(blocks, 1 + 10 + 7); /* 1; 1, 2 .. 512; 1024 */
}

static void nodes_slots_and_names_cross_the_ends_of_chunks(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    for (uint32_t end = CHUNK; end < NODES; end += CHUNK)
        for (uint32_t at = end - 1; at <= end + 1; at++) {
            const tg_tensor x = begin(t), before = extend(x, at - 1);
            const tg_mark mark = tg_tape_mark(t);
            for (int again = 0; again < 2; again++) { /* the second time after a rewind across the end */
                const tg_tensor y = tg_name(extend(before, at), "at the end"), z = extend(y, at + CHUNK + 2);
                assert_true(tg_item(before) == at - 1 && tg_item(y) == at && tg_item(z) == at + CHUNK + 2);
                assert_string_equal(tg_label_of(t, y.id), "at the end");
                assert_null(tg_label_of(t, before.id));
                assert_null(tg_label_of(t, at + 1));
                assert_true(slope_of(z, x) == 1 && slope_of(y, x) == 1);
                assert_int_equal(tg_tape_rewind(t, mark), TG_OK);
                assert_false(tg_is_valid(y));
                assert_true(slope_of(before, x) == 1);
                assert_int_equal(tg_tape_rewind(t, mark), TG_OK); /* without the node of that gradient */
            }
            tg_tape_reset(t);
        }
    tg_tape_destroy(t);
}

/* Each allocation fails in turn; the tape is used again after it, and all memory is returned with its size. */
static void blocks_that_fail_are_survived(void **state)
{
    (void)state;
    bool succeeded = false;
    for (long n = 2; !succeeded; n++) {
        failing f = { .fail_at = n };
        const tg_allocator a = failing_allocator(&f);
        tg_tape *t = tg_tape_create_with(TG_F64, &a);
        tg_tensor x = begin(t), y = extend(x, NODES);
        if (tg_backward(y) != TG_OK)
            assert_int_equal(tg_tape_status(t), TG_ERR_MEMORY);
        succeeded = tg_tape_status(t) == TG_OK && n > f.calls;
        tg_tape_reset(t);
        x = begin(t);
        assert_true(slope_of(extend(x, NODES), x) == 1);
        assert_int_equal(tg_tape_memory(t).bytes, f.bytes);
        tg_tape_destroy(t);
        assert_int_equal(f.outstanding, 0);
        assert_int_equal(f.bytes, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_double),
        cmocka_unit_test(nodes_slots_and_names_cross_the_ends_of_chunks),
        cmocka_unit_test(blocks_that_fail_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
