/* test_tutorial.c - a chapter of the tutorial shows its program, all of it and in order, and what the program prints: argv
   is the program, its source, the chapter. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "scratch.h"

#include <stdbool.h>

#include "process.h"

static char program[4096], source[4096], chapter[4096];

static int enter(void **state)
{
    return scratch_open(state) == 0 ? chdir(((scratch *)*state)->dir) : -1;
}

static int leave(void **state)
{
    return chdir("/") == 0 ? scratch_close(state) : -1;
}

/* Appends a line, unless it is empty. */
static void append(char *text, const char *line, size_t size)
{
    if (size > 1)
        strncat(text, line, size);
}

/* The lines of the chapter's blocks that open with ```language. */
static const char *blocks(const char *language)
{
    static char text[PRINTED_MOST];
    char opening[16];
    snprintf(opening, sizeof opening, "```%s\n", language);
    text[0] = '\0';
    bool within = false, wanted = false;
    for (const char *line = tg_text_of(chapter), *next; *line; line = next) {
        next = strchr(line, '\n') + 1;
        if (!strncmp(line, "```", 3)) {
            within = !within;
            wanted = within && !strncmp(line, opening, strlen(opening));
        } else if (wanted) {
            append(text, line, (size_t)(next - line));
        }
    }
    assert_false(within);
    return text;
}

static void it_shows_the_whole_program(void **state)
{
    (void)state;
    static char code[PRINTED_MOST];
    code[0] = '\0';
    const char *line = strchr(tg_text_of(source), '\n') + 1; /* behind the comment that names the file */
    for (const char *next; *line; line = next) {
        next = strchr(line, '\n') + 1;
        append(code, line, (size_t)(next - line));
    }
    assert_string_equal(blocks("c"), code);
}

static void it_shows_what_the_program_prints(void **state)
{
    (void)state;
    const tg_run *run = tg_wait(tg_start((const char *const[]){ program, NULL }));
    assert_int_equal(run->status, 0);
    assert_string_equal(run->err, "");
    assert_true(strlen(run->out) > 0);
    assert_string_equal(blocks(""), run->out);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_shows_the_whole_program),
        cmocka_unit_test(it_shows_what_the_program_prints),
    };
    if (argc != 4 || !realpath(argv[1], program) || !realpath(argv[2], source) || !realpath(argv[3], chapter))
        return EXIT_FAILURE;
    return cmocka_run_group_tests(tests, enter, leave);
}
