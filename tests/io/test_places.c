/* test_places.c - paths of saves: links, permissions, temporary files, and what is refused. */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE
#define _DARWIN_C_SOURCE
#include "scratch.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/file.h>
#include <sys/wait.h>

#include "tapegrad/io.h"

static tg_params *make(void)
{
    tg_params *p = tg_params_create(TG_F32, &(tg_param_spec){ .name = "w", .shape = { 1, { 10 } } }, 1, NULL);
    assert_non_null(p);
    return p;
}

static void a_new_file_has_the_permissions_of_one(void **state)
{
    tg_params *p = make();
    struct stat info;
    const mode_t mask = umask(027);
    remove(scratch_path(state, "file"));
    assert_int_equal(tg_params_save(p, scratch_path(state, "file"), NULL), TG_OK);
    umask(mask);
    assert_int_equal(stat(scratch_path(state, "file"), &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
    tg_params_destroy(p);
}

static mode_t mode_of(const char *path)
{
    struct stat info;
    assert_int_equal(lstat(path, &info), 0);
    return info.st_mode;
}

static void a_replaced_file_keeps_its_permissions(void **state)
{
    static const mode_t modes[] = { 0600, 0644, 0660, 0755, 0604 };
    tg_params *p = make();
    const char *path = scratch_path(state, "file");
    const bool root = geteuid() == 0; /* only root may change the owner of a file */
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct stat info;
        scratch_write(path, "old", 3);
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_int_equal(chown(path, root ? 4321 : (uid_t)-1, root ? 1234 : (gid_t)-1), 0);
        assert_int_equal(tg_params_save(p, path, NULL), TG_OK);
        assert_int_equal(tg_params_load(p, path, NULL), TG_OK);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_mode & 07777, modes[i]);
        assert_true(!root || (info.st_uid == 4321 && info.st_gid == 1234));
    }
    tg_params_destroy(p);
}

/* Links are followed, whatever directory they are in or point to. They are kept; the file that they name is replaced. */
static void links_are_followed(void **state)
{
    static const struct {
        const char *link, *to, *file;
    } cases[] = {
        { "here", "file", "file" },
        { "over", "folder/file", "folder/file" },
        { "folder/back", "../file", "file" },
        { "chain", "folder/back", "file" },
        { "new", "folder/none", "folder/none" },
        { "folder/new", "none", "folder/none" },
    };
    enum { N = sizeof cases / sizeof cases[0] };
    char text[64];
    tg_params *p = make();
    tg_error err;
    scratch_count(state, 1);
    assert_int_equal(mkdir(scratch_path(state, "folder"), 0700), 0);
    for (size_t i = 0; i < N; i++) {
        scratch_write(scratch_path(state, "file"), "old", 3);
        scratch_write(scratch_path(state, "folder/file"), "old", 3);
        assert_int_equal(chmod(scratch_path(state, cases[i].file[0] == 'f' ? "file" : "folder/file"), 0600), 0);
        remove(scratch_path(state, "folder/none"));
        assert_int_equal(symlink(cases[i].to, scratch_path(state, cases[i].link)), 0);
        assert_int_equal(tg_params_save(p, scratch_path(state, cases[i].link), &err), TG_OK);
        assert_true(S_ISLNK(mode_of(scratch_path(state, cases[i].link))));
        assert_true(S_ISREG(mode_of(scratch_path(state, cases[i].file))));
        assert_int_equal(tg_params_load(p, scratch_path(state, cases[i].file), NULL), TG_OK);
        assert_true(readlink(scratch_path(state, cases[i].link), text, sizeof text) == (ssize_t)strlen(cases[i].to));
    }
    assert_int_equal(symlink("loop", scratch_path(state, "loop")), 0);
    assert_int_equal(tg_params_save(p, scratch_path(state, "loop"), &err), TG_ERR_IO);
    assert_non_null(strstr(err.text, "/loop: cannot write: Too many levels of symbolic links"));
    for (size_t i = 0; i < N; i++)
        remove(scratch_path(state, cases[i].link));
    remove(scratch_path(state, "folder/file"));
    remove(scratch_path(state, "folder/none"));
    assert_int_equal(rmdir(scratch_path(state, "folder")), 0);
    scratch_count(state, 1);
    tg_params_destroy(p);
}

/* FIFOs, devices, and links to them are neither written nor replaced, and the save does not block. */
static void other_than_regular_files_are_refused(void **state)
{
    tg_params *p = make();
    tg_error err;
    scratch_count(state, 1);
    assert_int_equal(mkfifo(scratch_path(state, "fifo"), 0600), 0);
    assert_int_equal(symlink("fifo", scratch_path(state, "link")), 0);
    assert_int_equal(symlink("/dev/null", scratch_path(state, "null")), 0);
    assert_int_equal(mkdir(scratch_path(state, "folder"), 0700), 0);
    static const struct {
        const char *name, *says;
    } cases[] = {
        { "fifo", "/fifo: is a FIFO, expected a regular file" },
        { "link", "/link: is a FIFO, expected a regular file" },
        { "null", "/null: is a device, expected a regular file" },
        { "folder", "/folder: is a directory, expected a regular file" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *path = scratch_path(state, cases[i].name);
        const mode_t mode = mode_of(path);
        assert_int_equal(tg_params_save(p, path, &err), TG_ERR_IO);
        assert_non_null(strstr(err.text, cases[i].says));
        assert_int_equal(tg_params_load(p, path, &err), TG_ERR_IO);
        assert_non_null(strstr(err.text, cases[i].says));
        assert_int_equal(mode_of(path), mode);
    }
    assert_int_equal(rmdir(scratch_path(state, "folder")), 0);
    assert_int_equal(scratch_count(state, 1), 3);
    tg_params_destroy(p);
}

/* As long as a file name can be. */
static void a_long_name_leaves_space_for_that_of_the_temporary(void **state)
{
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    tg_params *p = make();
    assert_int_equal(tg_params_save(p, scratch_path(state, name), NULL), TG_OK);
    assert_int_equal(tg_params_load(p, scratch_path(state, name), NULL), TG_OK);
    tg_params_destroy(p);
}

static void lock_file(const char *path, int *fd)
{
    scratch_write(path, "live", 4);
    *fd = open(path, O_RDWR);
    assert_int_equal(flock(*fd, LOCK_EX | LOCK_NB), 0);
}

/* The temporary file of a running process is locked; those of ended processes are removed; files of similar names are kept. */
static void temporaries_of_ended_processes_are_removed(void **state)
{
    static const struct {
        const char *name;
        bool stays;
    } cases[] = {
        { "file.tapegrad-00000a1f-17c2b0a95e3d8f01", false },
        { "file.tapegrad-00000001-0000000000000001", false },
        { "file.tapegrad-00000001-000000000000000", true },
        { "file.tapegrad-00000001-000000000000000g", true },
        { "file.tapegrad-notes", true },
        { "files.tapegrad-00000001-0000000000000001", true }, /* of another path */
        { "file.0.tmp", true },
    };
    enum { N = sizeof cases / sizeof cases[0] };
    tg_params *p = make();
    struct stat info;
    int fd, stay = 3; /* that of the running process, a directory, the file itself */
    scratch_count(state, 1);
    for (size_t i = 0; i < N; i++)
        scratch_write(scratch_path(state, cases[i].name), "old", 3);
    lock_file(scratch_path(state, "file.tapegrad-00000001-0000000000000002"), &fd);
    assert_int_equal(mkdir(scratch_path(state, "file.tapegrad-00000001-0000000000000003"), 0700), 0);
    assert_int_equal(tg_params_save(p, scratch_path(state, "file"), NULL), TG_OK);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(stat(scratch_path(state, cases[i].name), &info) == 0, cases[i].stays);
        stay += cases[i].stays;
    }
    assert_int_equal(scratch_count(state, 0), stay);
    close(fd);
    assert_int_equal(tg_params_save(p, scratch_path(state, "file"), NULL), TG_OK);
    assert_int_equal(scratch_count(state, 1), stay - 1);
    tg_params_destroy(p);
}

/* Becomes a user other than root, to whom permissions apply; false where that is not possible. */
static bool as_another(void (*act)(const char *path), const char *path)
{
    const pid_t child = fork();
    int status = 0;
    if (child == 0) {
        if (geteuid() == 0 && (setgid(1234) != 0 || setuid(4321) != 0))
            _exit(2);
        act(path);
        _exit(0);
    }
    assert_true(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 2);
    return WEXITSTATUS(status) == 0;
}

static void save_or_complain(const char *path)
{
    tg_error err;
    tg_params *p = make();
    if (tg_params_save(p, path, &err) != TG_ERR_IO || !strstr(err.text, "Permission denied"))
        _exit(1);
    tg_params_destroy(p);
}

/* A save fails in a directory without write permission, and over a file without it. */
static void permissions_are_respected(void **state)
{
    scratch_count(state, 1);
    scratch_write(scratch_path(state, "file"), "old", 3);
    assert_int_equal(chmod(((scratch *)*state)->dir, 0555), 0);
    const bool tried = as_another(save_or_complain, scratch_path(state, "new"));
    assert_int_equal(chmod(scratch_path(state, "file"), 0444), 0);
    assert_int_equal(chmod(((scratch *)*state)->dir, 0777), 0);
    as_another(save_or_complain, scratch_path(state, "file"));
    assert_int_equal(chmod(((scratch *)*state)->dir, 0700), 0);
    size_t size;
    unsigned char *bytes = scratch_read(scratch_path(state, "file"), &size);
    assert_true(size == 3 && memcmp(bytes, "old", 3) == 0);
    free(bytes);
    assert_int_equal(scratch_count(state, 1), 1);
    if (!tried)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_file_has_the_permissions_of_one),
        cmocka_unit_test(a_replaced_file_keeps_its_permissions),
        cmocka_unit_test(links_are_followed),
        cmocka_unit_test(other_than_regular_files_are_refused),
        cmocka_unit_test(a_long_name_leaves_space_for_that_of_the_temporary),
        cmocka_unit_test(temporaries_of_ended_processes_are_removed),
        cmocka_unit_test(permissions_are_respected),
    };
    return cmocka_run_group_tests_name("places", tests, scratch_open, scratch_close);
}
