/* test_dot.c - the graph as text: every tensor, every arrow, names that cannot leave their quotes. */
#include "../grad/own_tape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What tg_tape_dot writes; the caller frees it. */
static char *graph(void)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    ok(tg_tape_dot(tape, file));
    const long size = ftell(file);
    char *text = calloc(1, (size_t)size + 1);
    rewind(file);
    assert_int_equal(fread(text, 1, (size_t)size, file), size);
    fclose(file);
    return text;
}

static void a_graph_is_written(void **state)
{
    (void)state;
    const tg_tensor x = tg_name(vector(1, 2), "x"), c = tg_full(tape, TG_SHAPE(2), 3);
    tg_mul(tg_exp(x), c);
    char *text = graph();
    assert_string_equal(text, "digraph tape {\n"
                              "  node [fontname=\"sans-serif\", fontsize=10]\n"
                              "  n1 [label=\"variable\\nx\\n[2]\", shape=box, style=solid]\n"
                              "  n2 [label=\"constant\\n[2]\", shape=box, style=dashed]\n"
                              "  n3 [label=\"exp\\n[2]\", shape=ellipse, style=solid]\n"
                              "  n1 -> n3\n"
                              "  n4 [label=\"mul\\n[2]\", shape=ellipse, style=solid]\n"
                              "  n3 -> n4\n"
                              "  n2 -> n4\n"
                              "}\n");
    free(text);
}

static void a_name_stays_in_its_quotes(void **state)
{
    (void)state;
    tg_name(scalar(1), "a\"]; b\\ \033[2J");
    char *text = graph();
    assert_non_null(strstr(text, "\\na\\\"]; b\\\\ \\\\x1b[2J\\n"));
    assert_null(strchr(text, '\033'));
    free(text);
}

static void a_full_disk_is_an_error(void **state)
{
    (void)state;
    scalar(1);
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    setvbuf(full, NULL, _IONBF, 0);
    assert_int_equal(tg_tape_dot(tape, full), TG_ERR_IO);
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_graph_is_written),
        TEST(a_name_stays_in_its_quotes),
        TEST(a_full_disk_is_an_error),
    };
    return cmocka_run_group_tests_name("dot", tests, NULL, NULL);
}
