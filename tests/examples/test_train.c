/* test_train.c - the training program as its users meet it: argv[1] is its path. */
#define _XOPEN_SOURCE 700 /* realpath */
#include "scratch.h"

#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>

#include "process.h"
#include "tree.h"

enum { ARGUMENTS_MOST = 32 };

static char program[4096];

static pid_t start(const char *const *arguments)
{
    const char *argv[ARGUMENTS_MOST] = { program };
    for (int i = 0; arguments[i]; i++)
        argv[i + 1] = arguments[i];
    return tg_start(argv);
}

#define RUN(...) tg_wait(start((const char *const[]){ __VA_ARGS__, NULL }))

static void assert_one_line(const char *text)
{
    const char *end = strchr(text, '\n');
    if (strncmp(text, "train: ", 7) != 0 || !end || end[1] != '\0')
        fail_msg("not one line that begins with \"train: \": \"%s\"", text);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static int count(const char *text, char wanted)
{
    int n = 0;
    for (; *text; text++)
        n += *text == wanted;
    return n;
}

/* The accuracy in percent, if `out` is nothing but that line. */
static double quiet_accuracy(const tg_run *run)
{
    double accuracy = -1;
    char again[64];
    if (run->status != 0 || run->err[0])
        fail_msg("status %d: %s", run->status, run->err);
    assert_int_equal(sscanf(run->out, "test accuracy %lf %%", &accuracy), 1);
    snprintf(again, sizeof again, "test accuracy %.2f %%\n", accuracy);
    assert_string_equal(run->out, again);
    return accuracy;
}

/* Running ---------------------------------------------------------------------------------------------------------- */

/* The README's promise: without arguments, above 95 %, and the files that the output names. */
static void test_without_arguments(void **state)
{
    (void)state;
    const tg_run *run = tg_wait(start((const char *const[]){ NULL }));
    assert_int_equal(run->status, 0);
    assert_string_equal(run->err, "");
    assert_has(run->out, "derivatives agree with finite differences");
    assert_has(run->out, "\n    1/10 ");
    assert_has(run->out, "\n   10/10 ");
    assert_has(run->out, "parameters in digits.safetensors, curves in digits.csv\n");
    assert_null(strchr(run->out, '\r'));
    const char *last = strstr(run->out, "\ntest accuracy ");
    assert_non_null(last);
    assert_true(strtod(last + 15, NULL) > 95);
    assert_string_equal(strchr(last + 15, ' '), " %\n");
    assert_true(exists("digits.safetensors"));
    assert_int_equal(count(tg_text_of("digits.csv"), '\n'), 11);
}

static void test_quiet_writes_what_is_asked(void **state)
{
    (void)state;
    const tg_run *run = RUN("--data", "ellipse", "--quiet", "--save", "none", "--csv", "none", "--json", "e.json");
    assert_true(quiet_accuracy(run) > 85);
    assert_false(exists("ellipse.safetensors"));
    assert_false(exists("ellipse.csv"));
    assert_true(exists("e.json"));
}

static void test_every_choice_learns(void **state)
{
    (void)state;
    static const char *const choices[][2] = {
        { "--activation", "relu" },
        { "--activation", "leaky_relu" },
        { "--activation", "gelu" },
        { "--activation", "sigmoid" },
        { "--activation", "tanh" },
        { "--optimizer", "sgd" },
        { "--optimizer", "nesterov" },
        { "--optimizer", "adamw" },
        { "--schedule", "constant" },
        { "--schedule", "step" },
        { "--schedule", "exponential" },
        { "--dtype", "f64" },
        { "--batch", "333" },
        { "--batch", "1" },
        { "--batch", "1000000" },
        { "--clip", "0.5" },
        { "--l2", "1e-4" },
        { "--weight-decay", "1e-3" },
        { "--hidden", "16,16,16" },
        { "--hidden", "none" },
        { "--seed", "0" },
    };
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        const tg_run *run =
            RUN("--data", "moons", "--quiet", "--save", "none", "--csv", "none", choices[i][0], choices[i][1]);
        const double accuracy = quiet_accuracy(run);
        if (accuracy < 80)
            fail_msg("%s %s: %g %%", choices[i][0], choices[i][1], accuracy);
    }
}

static void test_spirals_need_hidden_layers(void **state)
{
    (void)state;
    assert_true(quiet_accuracy(RUN("--data", "spirals", "--quiet")) > 95);
    assert_true(quiet_accuracy(RUN("--data", "spirals", "--quiet", "--hidden", "none")) < 70);
}

static void test_threads_change_no_digit(void **state)
{
    (void)state;
    static char curves[PRINTED_MOST];
    static const char *const threads[] = { "1", "2", "3" };
    for (int i = 0; i < 3; i++) {
        quiet_accuracy(RUN("--epochs", "1", "--quiet", "--threads", threads[i]));
        if (i == 0)
            snprintf(curves, sizeof curves, "%s", tg_text_of("digits.csv"));
        assert_string_equal(tg_text_of("digits.csv"), curves);
    }
    assert_int_equal(count(curves, '\n'), 2);
}

static void test_a_step_allocates_nothing(void **state)
{
    (void)state;
    quiet_accuracy(
        RUN("--data", "moons", "--quiet", "--batch", "300", "--epochs", "3", "--l2", "1e-4", "--json", "run.json"));
    assert_has(tg_text_of("run.json"), "\"allocations_after_first_epoch\": 0}");
    assert_has(tg_text_of("run.json"), "\"batch\": 300, \"epochs\": 3, \"seed\": 1,");
    assert_has(tg_text_of("run.json"), "\"interrupted\": false");
}

/* Keeping ---------------------------------------------------------------------------------------------------------- */

/* The file says which network fits it; the data and their preparation are the same. */
static void test_load_gives_what_was_saved(void **state)
{
    (void)state;
    const double saved = quiet_accuracy(RUN("--data", "moons", "--hidden", "9,7", "--activation", "tanh", "--epochs",
                                            "7", "--quiet", "--save", "moons tanh.safetensors"));
    const char *const loaded[] = { "--data",   "moons",     "--load",  "moons tanh.safetensors",
                                   "--epochs", "0",         "--quiet", "--seed",
                                   "5",        "--threads", "1",       NULL };
    assert_true(quiet_accuracy(tg_wait(start(loaded))) == saved);
    assert_true(
        quiet_accuracy(RUN("--data", "moons", "--load", "moons tanh.safetensors", "--epochs", "3", "--quiet")) > 90);

    const tg_run *run = RUN("--data", "moons", "--load", "moons tanh.safetensors", "--hidden", "9,8");
    assert_int_equal(run->status, 1);
    assert_one_line(run->err);
    assert_has(run->err, "layer1");
    run = RUN("--data", "moons", "--load", "moons.csv");
    assert_int_equal(run->status, 1);
    assert_one_line(run->err);
    assert_has(run->err, "moons.csv");
}

static void pause_shortly(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
}

static void check_interrupt(int sent, int status)
{
    remove("digits.safetensors");
    remove("digits.csv");
    const pid_t pid =
        start((const char *const[]){ "--epochs", "100000", "--hidden", "8", "--json", "cut.json", NULL });
    for (int i = 0; i < 3000 && !strstr(tg_text_of("stdout"), "\n2/100000 "); i++)
        pause_shortly();
    kill(pid, sent);
    const tg_run *run = tg_wait(pid);
    assert_int_equal(run->status, status);
    assert_string_equal(run->err, "");
    assert_has(run->out, "\n2/100000 ");
    assert_has(run->out, "\ninterrupted after ");
    assert_has(run->out, "\ntest accuracy ");
    assert_true(count(tg_text_of("digits.csv"), '\n') >= 3);
    assert_has(tg_text_of("cut.json"), "\"interrupted\": true");
    quiet_accuracy(RUN("--load", "digits.safetensors", "--epochs", "0", "--quiet"));
}

static void test_an_interrupt_saves(void **state)
{
    (void)state;
    check_interrupt(SIGINT, 130);
    check_interrupt(SIGTERM, 143);
}

/* Resuming --------------------------------------------------------------------------------------------------------- */

/* Everything but the numbers of the options that differ: the values and states are the last bytes of the file. */
static void assert_same_training(const char *a, const char *b)
{
    size_t n, m;
    unsigned char *x = scratch_read(a, &n), *y = scratch_read(b, &m);
    assert_int_equal(n, m);
    for (size_t i = 0; i < n; i++)
        if (x[i] != y[i])
            fail_msg("byte %zu of %s and %s differs", i, a, b);
    free(x);
    free(y);
}

/* Four epochs at once, and four with a stop after any batch, have the same bits: parameters, state, position, options. */
static void test_a_training_resumes_with_the_same_bits(void **state)
{
    (void)state;
    static const char *const optimizers[] = { "sgd", "adam" }, *const stops[] = { "1", "7", "10", "33" },
                             *const threads[] = { "1", "3" };
    for (int k = 0; k < 2; k++)
        for (int t = 0; t < 2; t++) {
            quiet_accuracy(RUN("--data", "moons", "--hidden", "9", "--batch", "60", "--epochs", "4", "--optimizer",
                               optimizers[k], "--quiet", "--csv", "none", "--save", "whole.safetensors", "--threads",
                               threads[t]));
            for (int i = 0; i < 4; i++) {
                quiet_accuracy(RUN("--data", "moons", "--hidden", "9", "--batch", "60", "--epochs", "4",
                                   "--optimizer", optimizers[k], "--quiet", "--csv", "none", "--save",
                                   "part.safetensors", "--threads", threads[t], "--stop", stops[i]));
                quiet_accuracy(RUN("--resume", "part.safetensors", "--quiet", "--csv", "none", "--stop", "1"));
                quiet_accuracy(RUN("--resume", "part.safetensors", "--quiet", "--csv", "none", "--threads",
                                   threads[1 - t], "--save", "resumed.safetensors"));
                assert_same_training("whole.safetensors", "resumed.safetensors");
            }
        }
    /* one that is complete stays as it is */
    quiet_accuracy(RUN("--resume", "resumed.safetensors", "--quiet", "--csv", "none"));
    assert_same_training("whole.safetensors", "resumed.safetensors");
}

/* Ctrl-C at any moment, three times. */
static void test_an_interrupted_training_resumes(void **state)
{
    (void)state;
    static const char *const optimizers[] = { "nesterov", "adamw" };
    for (int k = 0; k < 2; k++) {
        quiet_accuracy(RUN("--data", "digits", "--hidden", "16", "--epochs", "4", "--quiet", "--csv", "none",
                           "--optimizer", optimizers[k], "--save", "whole.safetensors"));
        remove("part.safetensors");
        pid_t pid =
            start((const char *const[]){ "--data", "digits", "--hidden", "16", "--epochs", "4", "--csv", "none",
                                         "--optimizer", optimizers[k], "--save", "part.safetensors", NULL });
        for (int i = 0; i < 3; i++) {
            for (int wait = 0; wait < 3000 && !strstr(tg_text_of("stdout"), "finite differences"); wait++)
                pause_shortly();
            nanosleep(&(struct timespec){ .tv_nsec = 20000000 * (2 * i + 1) }, NULL);
            kill(pid, SIGINT);
            const tg_run *run = tg_wait(pid);
            if (!exists("part.safetensors")) /* it came before the training began, and ended the program */
                break;
            assert_true(run->status == 130 || run->status == 0);
            pid = start((const char *const[]){ "--resume", "part.safetensors", "--csv", "none", NULL });
        }
        if (!exists("part.safetensors"))
            continue;
        assert_int_equal(tg_wait(pid)->status, 0);
        assert_same_training("whole.safetensors", "part.safetensors");
    }
}

static void test_what_cannot_be_resumed(void **state)
{
    (void)state;
    const char *const made[] = { "--data",  "moons", "--hidden", "4",      "--epochs",      "2",
                                 "--quiet", "--csv", "none",     "--save", "m.safetensors", NULL };
    quiet_accuracy(tg_wait(start(made)));
    static const struct {
        const char *option, *value, *says;
    } rows[] = {
        { "--lr", "0.1", "--lr is that of the training" },
        { "--hidden", "5", "--hidden is that of the training" },
        { "--load", "m.safetensors", "--load and --resume" },
        { "--epochs", "1", "longer than --epochs" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const tg_run *run = RUN("--resume", "m.safetensors", "--csv", "none", rows[i].option, rows[i].value);
        assert_true(run->status == 1 || run->status == 2);
        assert_one_line(run->err);
        assert_has(run->err, rows[i].says);
    }
    const tg_run *run = RUN("--resume", "missing.safetensors");
    assert_int_equal(run->status, 2);
    assert_one_line(run->err);
    assert_has(run->err, "missing.safetensors");
    /* a longer run than was planned goes on, too */
    quiet_accuracy(RUN("--resume", "m.safetensors", "--csv", "none", "--epochs", "3", "--quiet"));
}

/* Failing ---------------------------------------------------------------------------------------------------------- */

static void test_wrong_arguments(void **state)
{
    (void)state;
    static const char *const wrong[][4] = {
        { "--frobnicate" },
        { "digits" },
        { "-h" },
        { "--data" },
        { "--data", "cifar100" },
        { "--data", "mnist" },
        { "--data", "mnist", "--dir" },
        { "--data", "mnist", "--dir", "" },
        { "--data", "cifar10", "--quiet" },
        { "--hidden", "300,,1" },
        { "--hidden", "300," },
        { "--hidden", "0" },
        { "--hidden", "-5" },
        { "--hidden", "3e2" },
        { "--hidden", "99999999999999999999" },
        { "--hidden", "1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8" },
        { "--activation", "swish" },
        { "--activation", "Relu" },
        { "--optimizer", "rmsprop" },
        { "--schedule", "linear" },
        { "--lr", "fast" },
        { "--lr", "0" },
        { "--lr", "-0.1" },
        { "--lr", "nan" },
        { "--lr", "inf" },
        { "--lr", "0.1x" },
        { "--lr", "--quiet" },
        { "--momentum", "1", "--optimizer", "sgd" },
        { "--momentum", "0.9", "--optimizer", "adam" },
        { "--weight-decay", "-1" },
        { "--l2", "" },
        { "--clip", "0" },
        { "--batch", "0" },
        { "--batch", "2.5" },
        { "--epochs", "-1" },
        { "--epochs", "99999999999999999999" },
        { "--seed", "-3" },
        { "--dtype", "f16" },
        { "--threads", "0" },
        { "--threads", "65" },
        { "--save" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *arguments[] = { wrong[i][0], wrong[i][1], wrong[i][2], wrong[i][3], NULL };
        const tg_run *run = tg_wait(start(arguments));
        if (run->status != 2 || run->out[0])
            fail_msg("%s %s: status %d, \"%s\"", wrong[i][0], wrong[i][1] ? wrong[i][1] : "", run->status, run->out);
        assert_one_line(run->err);
    }
    assert_has(RUN("--data", "cifar100")->err, "mnist, cifar10, digits, moons, spirals, ellipse");
    assert_has(RUN("--activation", "swish")->err, "relu, leaky_relu, gelu, sigmoid, tanh, none");
}

static void assert_fails(const tg_run *run, const char *named)
{
    assert_int_equal(run->status, 1);
    assert_one_line(run->err);
    assert_has(run->err, named);
    assert_null(strstr(run->out, "test accuracy"));
}

static void test_what_cannot_be_done(void **state)
{
    (void)state;
    assert_fails(RUN("--data", "mnist", "--dir", "."), "train-images-idx3-ubyte");
    assert_fails(RUN("--data", "cifar10", "--dir", "nowhere"), "data_batch_1.bin");
    assert_fails(RUN("--load", "nothing.safetensors"), "nothing.safetensors");
    assert_fails(RUN("--save", "nowhere/digits.safetensors"), "nowhere/digits.safetensors");
    assert_fails(RUN("--csv", "nowhere/digits.csv"), "nowhere/digits.csv");
    assert_fails(RUN("--json", "nowhere/digits.json"), "nowhere/digits.json");
}

/* Links are followed and stay, permissions are kept, what a killed run left is used again, and what is no file is
   neither written to nor replaced. */
static void test_files_are_put_in_their_places(void **state)
{
    (void)state;
    static const char *const reports[] = { "--csv", "--json" };
    struct stat info;
    for (int i = 0; i < 2; i++) {
        const char *other = reports[!i];
        scratch_write("real", "old", 3);
        scratch_write("real.part", "left by a killed run", 20);
        assert_int_equal(chmod("real", 0600), 0);
        assert_int_equal(symlink("real", "link"), 0);
        assert_int_equal(mkfifo("fifo", 0600), 0);
        quiet_accuracy(
            RUN("--data", "moons", "--epochs", "1", "--quiet", "--save", "none", other, "none", reports[i], "link"));
        assert_true(lstat("link", &info) == 0 && S_ISLNK(info.st_mode));
        assert_true(lstat("real", &info) == 0 && (info.st_mode & 0777) == 0600);
        assert_has(tg_text_of("real"), i ? "\n}\n" : "epoch,samples");
        assert_null(strstr(tg_text_of("real"), "killed"));
        assert_false(exists("real.part"));
        assert_fails(RUN("--data", "moons", "--save", "none", other, "none", reports[i], "fifo"), "no regular file");
        assert_true(lstat("fifo", &info) == 0 && S_ISFIFO(info.st_mode));
        remove("link");
        remove("fifo");
        remove("real");
    }
}

/* Puts NaN in the place of the first weight of a saved network. */
static void spoil(const char *path)
{
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    unsigned char size[8];
    assert_int_equal(fread(size, 1, sizeof size, f), sizeof size);
    assert_int_equal(fseek(f, 8 + size[0] + 256 * size[1], SEEK_SET), 0);
    const float x = NAN;
    assert_int_equal(fwrite(&x, sizeof x, 1, f), 1);
    assert_int_equal(fclose(f), 0);
}

static void test_a_check_that_cannot_judge_ends_nothing(void **state)
{
    (void)state;
    quiet_accuracy(RUN("--data", "moons", "--epochs", "0", "--save", "spoilt.safetensors", "--quiet"));
    spoil("spoilt.safetensors");
    const tg_run *run = RUN("--data", "moons", "--load", "spoilt.safetensors", "--epochs", "0");
    assert_int_equal(run->status, 0);
    assert_one_line(run->err);
    assert_has(run->err, "train: warning: the gradient could not be judged: ");
    assert_has(run->err, "not finite");
    assert_has(run->out, "test accuracy ");
}

/* Seed 33 of moons and 15 of its wide network have kinks so close along a direction that a long step crosses several. */
static void test_a_sound_network_is_trained(void **state)
{
    (void)state;
    for (int wide = 0; wide < 2; wide++) {
        const tg_run *run = RUN("--data", "moons", "--seed", wide ? "15" : "33", "--hidden",
                                wide ? "400,400" : "32,32", "--epochs", "0");
        assert_int_equal(run->status, 0);
        assert_string_equal(run->err, "");
        assert_has(run->out, " derivatives agree with finite differences");
    }
}

/* What was there stays when a run comes to nothing. */
static void test_divergence_keeps_the_file(void **state)
{
    (void)state;
    const double before =
        quiet_accuracy(RUN("--data", "moons", "--epochs", "5", "--quiet", "--save", "kept.safetensors"));
    assert_fails(RUN("--data", "moons", "--optimizer", "sgd", "--lr", "1e12", "--hidden", "32,32,32", "--save",
                     "kept.safetensors"),
                 "--lr");
    assert_true(quiet_accuracy(RUN("--data", "moons", "--load", "kept.safetensors", "--epochs", "0", "--quiet")) ==
                before);
}

/* A page of the run, whose curves are those of --csv. */
static void test_a_report(void **state)
{
    (void)state;
    static const char *const files[] = { "index.html",        "run.json",      "table.csv", "training-loss.svg",
                                         "training-loss.csv", "confusion.svg", "plane.svg" };
    quiet_accuracy(RUN("--data", "moons", "--epochs", "3", "--quiet", "--report", "page", "--csv", "page.csv"));
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "page/%s", files[i]);
        assert_true(exists(path));
    }
    double epoch, samples, rate, loss, held_out, shown = 0;
    const char *line = strstr(tg_text_of("page.csv"), "\n3,");
    assert_non_null(line);
    assert_int_equal(sscanf(line, "\n%lf,%lf,%lf,%lf,%*f,%lf", &epoch, &samples, &rate, &loss, &held_out), 5);
    line = strstr(tg_text_of("page/training-loss.csv"), "\ntest,3,");
    assert_non_null(line);
    assert_int_equal(sscanf(line, "\ntest,3,%lf", &shown), 1);
    assert_true(shown > 0 && shown - held_out < 1e-6 && held_out - shown < 1e-6);
    assert_has(tg_text_of("page/index.html"), "train --data moons --epochs 3 --quiet --report page --csv page.csv");
    assert_has(tg_text_of("page/index.html"), "<th class=\"number\">result</th>");
    assert_fails(RUN("--data", "moons", "--report", "page.csv"), "page.csv");
    assert_true(exists("page/index.html"));
}

static void test_help(void **state)
{
    (void)state;
    const tg_run *run = RUN("--help");
    assert_int_equal(run->status, 0);
    assert_string_equal(run->err, "");
    assert_has(run->out, "--weight-decay");
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
        cmocka_unit_test(test_wrong_arguments),
        cmocka_unit_test(test_what_cannot_be_done),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_a_report),
        cmocka_unit_test(test_quiet_writes_what_is_asked),
        cmocka_unit_test(test_every_choice_learns),
        cmocka_unit_test(test_spirals_need_hidden_layers),
        cmocka_unit_test(test_threads_change_no_digit),
        cmocka_unit_test(test_a_step_allocates_nothing),
        cmocka_unit_test(test_load_gives_what_was_saved),
        cmocka_unit_test(test_a_check_that_cannot_judge_ends_nothing),
        cmocka_unit_test(test_a_sound_network_is_trained),
        cmocka_unit_test(test_files_are_put_in_their_places),
        cmocka_unit_test(test_divergence_keeps_the_file),
        cmocka_unit_test(test_an_interrupt_saves),
        cmocka_unit_test(test_a_training_resumes_with_the_same_bits),
        cmocka_unit_test(test_an_interrupted_training_resumes),
        cmocka_unit_test(test_what_cannot_be_resumed),
        cmocka_unit_test(test_without_arguments),
    };
    if (argc != 2 || !realpath(argv[1], program))
        return EXIT_FAILURE;
    return cmocka_run_group_tests(tests, enter, leave);
}
