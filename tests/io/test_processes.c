/* test_processes.c - files that several processes save and load, also such as are killed within, and on a full disk.
   TAPEGRAD_SECONDS is how long each of the loops runs, one second without it; TAPEGRAD_KILLS how many processes are killed
   at least, however long that takes. */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE
#include "scratch.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#ifdef __linux__
#include <sys/mount.h>
#endif

#include "tapegrad/io.h"
#include "tapegrad/rng.h"

enum { SIZE = 3000 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static long wish(const char *variable, long preset)
{
    const char *text = getenv(variable);
    return text ? strtol(text, NULL, 10) : preset;
}

static double seconds(void)
{
    return (double)wish("TAPEGRAD_SECONDS", 1);
}

static tg_params *make(int64_t size)
{
    return tg_params_create(TG_F32, &(tg_param_spec){ .name = "w", .shape = { 1, { size } } }, 1, NULL);
}

/* A set filled with one value, and that many bytes of metadata. */
static tg_status save(tg_params *p, const char *path, int value, tg_error *err)
{
    char text[1024];
    const char *const metadata[] = { "text", text, NULL };
    float *values = tg_params_values(p, NULL);
    for (int i = 0; i < SIZE; i++)
        values[i] = (float)value;
    memset(text, 'x', sizeof text);
    text[value % (int)sizeof text] = '\0';
    return tg_params_save_with(p, path, metadata, err);
}

static bool is_whole(tg_params *p, const char *path, tg_error *err)
{
    if (tg_params_load(p, path, err) != TG_OK)
        return false;
    const float *values = tg_params_values(p, NULL);
    for (int i = 1; i < SIZE; i++)
        if (values[i] != values[0])
            return false;
    return true;
}

static pid_t start_saving(const char *path, int first)
{
    const pid_t child = fork();
    if (child != 0)
        return child;
    tg_params *p = make(SIZE);
    tg_error err;
    for (int i = first; save(p, path, i, &err) == TG_OK; i += 7)
        ;
    fprintf(stderr, "%s\n", err.text);
    _exit(1);
}

static void end(pid_t child, int signal)
{
    int status;
    kill(child, signal);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status)); /* else a save failed */
}

/* At any time the file is complete, and beside it is at most one temporary file, of the process killed last. */
static void a_killed_save_leaves_a_complete_file(void **state)
{
    const char *path = scratch_path(state, "file");
    tg_params *p = make(SIZE);
    tg_rng rng = tg_rng_seed(1);
    tg_error err = { 0 };
    int kills = 0;
    const long least = wish("TAPEGRAD_KILLS", 0);
    assert_int_equal(save(p, path, 1, &err), TG_OK);
    for (const double until = now() + seconds(); now() < until || kills < least; kills++) {
        const pid_t child = start_saving(path, kills);
        assert_true(child > 0);
        nanosleep(&(struct timespec){ .tv_nsec = (long)tg_rng_below(&rng, 3000000) }, NULL);
        end(child, SIGKILL);
        assert_true(is_whole(p, path, &err));
        assert_in_range(scratch_count(state, 0), 1, 2);
    }
    assert_int_equal(save(p, path, 1, &err), TG_OK);
    assert_int_equal(scratch_count(state, 1), 1);
    printf("killed %d times\n", kills);
    tg_params_destroy(p);
}

/* Two processes save files of different lengths while this one loads: every load gets a complete file. */
static void processes_may_share_a_path(void **state)
{
    const char *path = scratch_path(state, "file");
    tg_params *p = make(SIZE);
    tg_error err = { 0 };
    int loads = 0;
    assert_int_equal(save(p, path, 1, &err), TG_OK);
    const pid_t children[] = { start_saving(path, 1), start_saving(path, 1000) };
    for (const double until = now() + seconds(); now() < until; loads++)
        if (!is_whole(p, path, &err)) {
            kill(children[0], SIGKILL);
            kill(children[1], SIGKILL);
            fail_msg("load %d: %s", loads, err.text);
        }
    for (int i = 0; i < 2; i++)
        end(children[i], SIGTERM);
    assert_int_equal(save(p, path, 1, &err), TG_OK);
    assert_int_equal(scratch_count(state, 1), 1);
    printf("loaded %d times\n", loads);
    tg_params_destroy(p);
}

#ifdef __linux__
static bool make_small_disk(const char *dir)
{
    return mount("none", dir, "tmpfs", 0, "size=128k") == 0;
}

static int end_small_disk(const char *dir)
{
    return umount(dir);
}
#else
static bool make_small_disk(const char *dir)
{
    (void)dir;
    return false;
}

static int end_small_disk(const char *dir)
{
    return dir ? 0 : -1;
}
#endif

/* A disk of 128 KB with a file of 40 KB: one of 400 KB fails and takes nothing with it, also what a killed process left
   makes room. Where nothing may be mounted, test_save.c's limit of file sizes stands for this. */
static void a_full_disk_keeps_the_old_file(void **state)
{
    static char left[60000];
    const char *disk = scratch_path(state, "disk"), *path = scratch_path(state, "disk/file"),
               *dead = scratch_path(state, "disk/file.tapegrad-00000001-0000000000000001");
    tg_error err;
    assert_int_equal(mkdir(disk, 0700), 0);
    if (!make_small_disk(disk)) {
        assert_int_equal(rmdir(disk), 0);
        skip();
    }
    tg_params *small = make(10000), *large = make(100000), *p = make(10000);
    ((float *)tg_params_values(small, NULL))[0] = 7;
    assert_int_equal(tg_params_save(small, path, &err), TG_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tg_params_save(large, path, &err), TG_ERR_IO);
        assert_non_null(strstr(err.text, "/disk/file: cannot write: No space left on device"));
        assert_int_equal(tg_params_load(p, path, &err), TG_OK);
        assert_true(((float *)tg_params_values(p, NULL))[0] == 7);
    }
    scratch_write(dead, left, sizeof left);
    assert_int_equal(tg_params_save(small, path, &err), TG_OK);
    assert_int_equal(access(dead, F_OK), -1);
    tg_params_destroy(small);
    tg_params_destroy(large);
    tg_params_destroy(p);
    assert_int_equal(end_small_disk(disk), 0);
    assert_int_equal(rmdir(disk), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_save_leaves_a_complete_file),
        cmocka_unit_test(processes_may_share_a_path),
        cmocka_unit_test(a_full_disk_keeps_the_old_file),
    };
    return cmocka_run_group_tests_name("processes", tests, scratch_open, scratch_close);
}
