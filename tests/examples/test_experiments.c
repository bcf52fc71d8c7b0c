/* test_experiments.c - the five reports' experiments in their short form, as a user runs them: argv[1] is the program. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "scratch.h"

#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <time.h>

#include "process.h"
#include "tree.h"
#include "xml.h"

enum { ARGUMENTS_MOST = 16, FIELDS = 8, PATH_MOST = 600 };

static char program[4096];

static pid_t start(const char *const *arguments)
{
    const char *argv[ARGUMENTS_MOST] = { program };
    for (int i = 0; arguments[i]; i++)
        argv[i + 1] = arguments[i];
    return tg_start(argv);
}

#define RUN(...) tg_wait(start((const char *const[]){ __VA_ARGS__, NULL }))

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void assert_one_line(const char *text, const char *part)
{
    const char *end = strchr(text, '\n');
    if (strncmp(text, "experiments: ", 13) != 0 || !end || end[1] != '\0')
        fail_msg("not one line that begins with \"experiments: \": \"%s\"", text);
    assert_has(text, part);
}

/* table.csv: report,item,what,theirs,ours,difference,unit,why ------------------------------------------------------ */

/* The next field of a line of CSV, without its quotes; *line moves past its comma. */
static void next_field(const char **line, char *field, size_t size)
{
    size_t n = 0;
    const bool quoted = **line == '"';
    for (*line += quoted; **line && (quoted ? **line != '"' : **line != ',' && **line != '\n'); ++*line)
        if (n + 1 < size)
            field[n++] = **line;
    field[n] = '\0';
    *line += quoted;
    *line += **line == ',';
}

/* The figure that an experiment has in its own column for a row of its table. */
static double ours(const char *folder, const char *what)
{
    char path[PATH_MOST], fields[FIELDS][400];
    snprintf(path, sizeof path, "%s/table.csv", folder);
    const char *line = tg_text_of(path);
    for (; *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : "") {
        const char *at = line;
        for (int i = 0; i < FIELDS; i++)
            next_field(&at, fields[i], sizeof fields[i]);
        if (!strcmp(fields[2], what))
            return strtod(fields[4], NULL);
    }
    fail_msg("%s has no row \"%s\"", path, what);
    return 0;
}

static void assert_below(const char *folder, const char *what, double most)
{
    const double x = ours(folder, what);
    if (!(x <= most))
        fail_msg("%s, %s: %g, expected at most %g", folder, what, x, most);
}

static void assert_above(const char *folder, const char *what, double least)
{
    const double x = ours(folder, what);
    if (!(x >= least))
        fail_msg("%s, %s: %g, expected at least %g", folder, what, x, least);
}

/* Running ---------------------------------------------------------------------------------------------------------- */

static const char *const names[] = { "r0.1", "r0.2", "r0.3a", "r0.3b", "r0.3c", "r0.3d", "r1.1", "r1.2", "r1.3",
                                     "r1.4", "r1.5", "r1.6a", "r1.6b", "r1.6c", "r1.7",  "r2.1", "r2.2", "r2.3",
                                     "r3.1", "r3.2", "r3.3a", "r3.3b", "r3.3c", "r3.3d", "r4.1", "r4.2" };
enum { NAMES = sizeof names / sizeof names[0] };

/* All in the short form; the tests below look at what it left. */
static void test_all_run(void **state)
{
    (void)state;
    const tg_run *run = RUN("run", "all", "--small", "--out", "all");
    if (run->status != 0)
        fail_msg("status %d: %s", run->status, run->err);
    assert_string_equal(run->err, "");
    assert_has(run->out, "26 runs on all/index.html");
    for (int i = 0; i < NAMES; i++) {
        char path[PATH_MOST];
        static const char *const files[] = { "index.html", "run.json", "table.csv" };
        for (int j = 0; j < 3; j++) {
            snprintf(path, sizeof path, "all/%s/%s", names[i], files[j]);
            if (access(path, R_OK) != 0)
                fail_msg("%s is missing", path);
        }
    }
}

/* Every picture and every page is XML as it should be. */
static int check_file(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
    const char *ending = strrchr(path, '.');
    (void)info;
    (void)ftw;
    if (kind != FTW_F || !ending || (strcmp(ending, ".svg") && strcmp(ending, ".html")))
        return 0;
    size_t size;
    char reason[160];
    unsigned char *bytes = scratch_read(path, &size);
    bytes[size] = '\0';
    xml *root = xml_parse((const char *)bytes, reason);
    if (!root)
        fail_msg("%s: %s", path, reason);
    xml_free(root);
    free(bytes);
    return 0;
}

static void test_pictures_and_pages_are_well_formed(void **state)
{
    (void)state;
    assert_int_equal(nftw("all", check_file, 16, FTW_PHYS), 0);
}

static void test_figures(void **state)
{
    (void)state;
    assert_below("all/r0.1", "dE/dx by the tape and by the formula, largest relative difference", 1e-14);
    assert_below("all/r0.1", "dE/dx by the tape and by finite differences, largest relative error", 1e-8);
    assert_above("all/r0.2", "training accuracy, tanh, 400 epochs", 95);
    assert_above("all/r0.3a", "training loss after 30 epochs, pixels as they are", 2.2);
    assert_below("all/r0.3a", "training loss after 30 epochs, pixels mean image subtracted", 1.6);
    assert_true(fabs(ours("all/r1.1", "loss") - 1.30378789133) < 6e-12);
    assert_true(fabs(ours("all/r1.1", "scores, sum of differences to eight printed digits") - 2.917e-8) < 6e-12);
    assert_below("all/r1.2", "dJ/dW1, largest relative difference", 1e-14);
    assert_below("all/r1.3", "W1, largest relative error", 3.561318e-09);
    assert_below("all/r1.3", "b1, largest relative error", 1.555470e-09);
    assert_below("all/r1.3", "W2, largest relative error", 3.440708e-09);
    assert_below("all/r1.3", "b2, largest relative error", 3.865070e-11);
    assert_below("all/r1.4", "training loss", 0.02);
    assert_true(fabs(ours("all/r1.5", "loss at iteration 0") - 2.302954) < 1e-3);
    assert_below("all/r2.2", "drawn digits, largest difference of the two curves", 1e-12);
    assert_below("all/r2.2", "drawn digits in colour, largest difference of the two curves", 1e-12);
    assert_below("all/r3.1", "dl/dz through the Jacobian: largest difference to the fused one", 1e-15);
    assert_below("all/r3.1", "dy/dz = diag(y) - y yᵀ: largest difference", 1e-15);
    assert_true(ours("all/r3.2", "mean loss of the last 200 observations") <
                0.8 * ours("all/r3.2", "mean loss of the first 200 observations"));
    assert_above("all/r3.3d", "test accuracy", 65);
    assert_below("all/r4.1", "largest relative difference, central differences", 1e-6);
}

/* The whole form of what needs no data set, against what the reports say. */
static void test_whole_form_without_data(void **state)
{
    (void)state;
    assert_int_equal(RUN("run", "r0.2", "--out", "whole")->status, 0);
    assert_true(ours("whole/r0.2", "training accuracy, sigmoid, 10000 epochs") == 100);
    assert_true(ours("whole/r0.2", "training accuracy, tanh, 4000 epochs") == 100);
    assert_int_equal(RUN("run", "r1.4", "--out", "whole")->status, 0);
    assert_true(fabs(ours("whole/r1.4", "training loss") - 0.017) < 0.003);
    assert_int_equal(RUN("run", "r3.2", "--out", "whole")->status, 0);
    assert_below("whole/r3.2", "mean loss of the last 1000 observations",
                 0.8 * ours("whole/r3.2", "mean loss of the first 1000 observations"));
}

/* A file's text has this in it. */
static void assert_in_file(const char *path, const char *part)
{
    size_t size;
    unsigned char *bytes = scratch_read(path, &size);
    bytes[size] = '\0';
    assert_has((const char *)bytes, part);
    free(bytes);
}

/* A short run does not claim the report's numbers of epochs, networks or features, and gives itself as the reason. */
static void test_pages_of_short_runs_are_honest(void **state)
{
    (void)state;
    assert_in_file("all/index.html", "a short run on generated data");
    assert_in_file("all/r1.7/run.json", "a short run on generated data");
    assert_in_file("all/r0.3d/table.csv", "20 epochs");
    assert_in_file("all/r1.6a/table.csv", "45 iterations");
    assert_in_file("all/r1.6c/accuracy.svg", "all 784 features");
    assert_in_file("all/r3.3c/accuracy.svg", "784-30-10, sigmoid, SGD, one row a step, 20 epochs, seed 1");
    assert_in_file("all/r1.7/accuracy.svg", "600 rows, relu, Kaiming weights, Adam, rate 0.001");
    assert_in_file("all/r0.3d/rates-loss.svg", "SGD, all rows at once, 1 epoch, seed 1");
    assert_in_file("all/r0.2/test.svg", "tanh, test");
    assert_in_file("all/r1.6b/index.html", "until 20 epochs without a higher validation accuracy");
}

static void test_what_was_run_is_kept(void **state)
{
    (void)state;
    const tg_run *run = RUN("run", "r1", "--small", "--out", "all");
    assert_int_equal(run->status, 0);
    assert_has(run->out, "r1.1    is in all/r1.1 already");
    assert_has(run->out, "r1.7    is in all/r1.7 already");
    assert_null(strstr(run->out, "r2.1"));
    assert_has(RUN("run", "r1.1", "--small", "--out", "all", "--again")->out, "all/r1.1/index.html");
    assert_has(RUN("run", "r1.1", "--small", "--out", "all", "--seed", "7")->out, "all/r1.1/index.html"); /* others */
    assert_has(RUN("report", "--out", "all")->out, "26 runs on all/index.html");
    static char page[1 << 18];
    FILE *file = fopen("all/index.html", "rb");
    assert_non_null(file);
    page[fread(page, 1, sizeof page - 1, file)] = '\0';
    fclose(file);
    for (int i = 0; i < NAMES; i++) {
        char link[PATH_MOST];
        snprintf(link, sizeof link, "%s/index.html", names[i]);
        assert_has(page, link);
    }
}

/* Two files, byte by byte. */
static void assert_same(const char *one, const char *other)
{
    FILE *a = fopen(one, "rb"), *b = fopen(other, "rb");
    assert_non_null(a);
    assert_non_null(b);
    for (int c = 0; c != EOF;) {
        c = getc(a);
        if (c != getc(b))
            fail_msg("%s and %s differ", one, other);
    }
    fclose(a);
    fclose(b);
}

static void test_the_same_bytes_at_any_number_of_threads(void **state)
{
    (void)state;
    static const char *const runs[][3] = { { "r4.2", "setting2-loss.svg", "setting2-loss.csv" },
                                           { "r4.2", "setting1-weights.svg", "setting1-weights.csv" },
                                           { "r3.2", "plane.svg", "loss.csv" },
                                           { "r0.3c", "layers2-hidden1.svg", "layers3-hidden3.csv" },
                                           { "r1.6b", "best-accuracy.svg", "best-loss.csv" },
                                           { "r1.6c", "variance.svg", "accuracy.csv" } };
    for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        RUN("run", runs[i][0], "--small", "--out", "one", "--threads", "1");
        RUN("run", runs[i][0], "--small", "--out", "three", "--threads", "3");
        for (int j = 1; j < 3; j++) {
            char one[PATH_MOST], three[PATH_MOST];
            snprintf(one, sizeof one, "one/%s/%s", runs[i][0], runs[i][j]);
            snprintf(three, sizeof three, "three/%s/%s", runs[i][0], runs[i][j]);
            assert_same(one, three);
        }
    }
}

/* Failing ---------------------------------------------------------------------------------------------------------- */

static void test_wrong_use(void **state)
{
    (void)state;
    static const char *const wrong[][4] = {
        { "frobnicate" },
        { "run" },
        { "run", "r9.9" },
        { "run", "r1.1", "again" },
        { "run", "r1.1", "--out" },
        { "run", "r1.1", "--seed", "-1" },
        { "run", "r1.1", "--threads", "65" },
        { "--frobnicate" },
        { "run", "r1.1", "--seed", "x" },
        { "run", "" },
        { "run", "r1.1", "--small", "--seed" },
        { "report", "r1.1" },
        { "list", "r1.1" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *arguments[] = { wrong[i][0], wrong[i][1], wrong[i][2], wrong[i][3], NULL };
        const tg_run *run = tg_wait(start(arguments));
        if (run->status != 2)
            fail_msg("%s: status %d, \"%s\"", wrong[i][0], run->status, run->out);
        assert_one_line(run->err, "");
    }
    assert_int_equal(tg_wait(start((const char *const[]){ NULL }))->status, 2);
    const tg_run *run = RUN("list");
    assert_int_equal(run->status, 0);
    for (int i = 0; i < NAMES; i++)
        assert_has(run->out, names[i]);
    assert_has(RUN("--help")->out, "--again");
    assert_has(RUN("run", "r1.1", "--help")->out, "--again");
}

/* One sentence, and what was there stays. */
static void test_a_missing_data_folder(void **state)
{
    (void)state;
    assert_int_equal(RUN("run", "r4.1", "--small", "--out", "kept")->status, 0);
    const tg_run *run = RUN("run", "r4.1", "--small", "--out", "kept", "--data", "nowhere");
    assert_int_equal(run->status, 1);
    assert_one_line(run->err, "nowhere/cifar-10-batches-bin/data_batch_1.bin");
    assert_true(access("kept/r4.1/index.html", R_OK) == 0);
    assert_true(access("kept/r4.1.partial", F_OK) != 0);
    run = RUN("run", "all", "--small", "--out", "kept", "--data", "nowhere");
    assert_int_equal(run->status, 1);
    assert_one_line(run->err, "nowhere");
}

static void put_number(FILE *file, uint32_t x)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        fputc((int)(x >> shift & 255), file);
}

/* The four files of MNIST, with `rows` rows each. */
static void make_mnist(uint32_t rows)
{
    static const struct {
        const char *path;
        uint32_t magic, bytes;
    } files[] = { { "few/mnist/train-images-idx3-ubyte", 2051, 784 },
                  { "few/mnist/train-labels-idx1-ubyte", 2049, 1 },
                  { "few/mnist/t10k-images-idx3-ubyte", 2051, 784 },
                  { "few/mnist/t10k-labels-idx1-ubyte", 2049, 1 } };
    mkdir("few", 0700);
    mkdir("few/mnist", 0700);
    for (int i = 0; i < 4; i++) {
        FILE *file = fopen(files[i].path, "wb");
        assert_non_null(file);
        put_number(file, files[i].magic);
        put_number(file, rows);
        for (int j = 0; files[i].bytes > 1 && j < 2; j++)
            put_number(file, 28);
        for (uint32_t j = 0; j < rows * files[i].bytes; j++)
            fputc((int)(j % 10), file);
        assert_int_equal(fclose(file), 0);
    }
}

static void test_files_with_too_few_rows(void **state)
{
    (void)state;
    static const char few[] = "MNIST: 100 rows in the training files, expected at least ";
    make_mnist(100);
    const tg_run *run = RUN("run", "r3.3b", "--data", "few", "--out", "few");
    assert_int_equal(run->status, 1);
    assert_one_line(run->err, few);
    assert_one_line(RUN("run", "r3.3b", "--data", "few", "--out", "few", "--small")->err, few);
    assert_one_line(RUN("run", "r0.3c", "--data", "few", "--out", "few")->err, few);
    make_mnist(1200);
    assert_one_line(RUN("run", "r0.3c", "--data", "few", "--out", "few")->err,
                    "MNIST: 1200 rows in the test files, expected at least 2000");
}

/* A full disk is a limit on the size of files, here: writing fails with a reason of its own, in the same places. */
static void test_a_disk_that_is_full(void **state)
{
    (void)state;
    struct rlimit before;
    assert_int_equal(RUN("run", "r3.2", "--small", "--out", "kept")->status, 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    const struct rlimit little = { .rlim_cur = 3000, .rlim_max = before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    const tg_run *run = RUN("run", "r3.2", "--small", "--out", "kept", "--again");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(run->status, 1);
    assert_one_line(run->err, "r3.2");
    assert_above("kept/r3.2", "test accuracy", 50);
    assert_true(access("kept/r3.2.partial", F_OK) != 0);
    assert_has(RUN("report", "--out", "kept")->out, "index.html");
}

static void pause_shortly(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
}

/* What was finished stays, and the next call goes on behind it. */
static void test_an_interrupt_keeps_what_is_finished(void **state)
{
    (void)state;
    static char out[PRINTED_MOST];
    const pid_t pid = start((const char *const[]){ "run", "r3", "--small", "--out", "cut", NULL });
    for (int i = 0; i < 6000 && !strstr(tg_text_of("stdout"), "r3.1 "); i++)
        pause_shortly();
    kill(pid, SIGINT);
    const tg_run *run = tg_wait(pid);
    snprintf(out, sizeof out, "%s", run->out);
    assert_has(out, "cut/r3.1/index.html");
    if (run->status != 0) { /* else it had finished before the signal came */
        assert_int_equal(run->status, 130);
        assert_one_line(run->err, "interrupted; the same command goes on from here");
    }
    run = RUN("run", "r3", "--small", "--out", "cut");
    assert_int_equal(run->status, 0);
    assert_has(run->out, "r3.1    is in cut/r3.1 already");
    assert_has(run->out, "6 runs on cut/index.html");
}

/* The programs run, and leave their files, in a folder of their own. */
static int enter(void **state)
{
    return scratch_open(state) == 0 ? chdir(((scratch *)*state)->dir) : -1;
}

static int leave(void **state)
{
    return chdir("/") == 0 ? tree_close(state) : -1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrong_use),
        cmocka_unit_test(test_all_run),
        cmocka_unit_test(test_pictures_and_pages_are_well_formed),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_whole_form_without_data),
        cmocka_unit_test(test_pages_of_short_runs_are_honest),
        cmocka_unit_test(test_what_was_run_is_kept),
        cmocka_unit_test(test_the_same_bytes_at_any_number_of_threads),
        cmocka_unit_test(test_a_missing_data_folder),
        cmocka_unit_test(test_files_with_too_few_rows),
        cmocka_unit_test(test_a_disk_that_is_full),
        cmocka_unit_test(test_an_interrupt_keeps_what_is_finished),
    };
    if (argc != 2 || !realpath(argv[1], program))
        return EXIT_FAILURE;
    return cmocka_run_group_tests(tests, enter, leave);
}
