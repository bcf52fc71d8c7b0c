/* test_page.c - examples/page: a run's folder is whole or not there, and never at another file's cost. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "scratch.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "page/json.h"
#include "page/page.h"
#include "page/shown.h"
#include "tree.h"
#include "xml.h"

static tg_error err;

static const double one_two[] = { 1, 2, 3, 4 };
static const series line = { "line", 4, one_two, one_two, NULL, NULL, false, 0 };
static const curves plot_of_line = { "Loss", "Four epochs.", "epoch", "loss (nats)", false, false, 0, 0, &line, 1 };
static const page_head head = { "R4", "2", "One layer", "What was done.", "experiments run r4.2", "r4.2 seed 1" };

static const char *at(void **state, const char *name)
{
    return scratch_path(state, name);
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static char *read_text(const char *path)
{
    size_t size;
    char *whole = (char *)scratch_read(path, &size);
    whole[size] = '\0';
    return whole;
}

static bool holds(const char *path, const char *part)
{
    char *whole = read_text(path);
    const bool found = strstr(whole, part) != NULL;
    free(whole);
    return found;
}

static void assert_has(const char *string, const char *part)
{
    if (!string || !strstr(string, part))
        fail_msg("\"%s\" is not in \"%s\"", part, string ? string : "");
}

static xml *read_page(const char *path)
{
    char reason[160], *whole = read_text(path);
    xml *root = xml_parse(whole, reason);
    free(whole);
    if (!root)
        fail_msg("%s: %s", path, reason);
    return root;
}

/* A run that differs by its seed, with two pictures. */
static page *open_run(const char *dir, int seed)
{
    char key[32];
    snprintf(key, sizeof key, "seed %d", seed);
    page_head h = head;
    h.key = key;
    page *p = page_open(dir, &h, &err);
    assert_non_null(p);
    page_setting(p, "seed", "%d", seed);
    page_section(p, "Curves");
    page_text(p, "The loss falls to %.2f.", 0.25);
    page_curves(p, "loss", &plot_of_line);
    page_heatmap(p, "matrix", &(heatmap){ "Confusion", NULL, NULL, NULL, 2, 2, one_two, NULL, NULL });
    page_compare(p, "accuracy, A & B", "%.2f", 27.84, 28.8, "%", "another \"edition\"");
    page_compare(p, "time", "%.1f", (double)NAN, 3, "s", NULL);
    return p;
}

static void make_run(const char *dir, int seed)
{
    if (!page_close(open_run(dir, seed), &err))
        fail_msg("%s", err.text);
    assert_int_equal(err.status, TG_OK);
}

static void assert_run(void **state, const char *name, int seed)
{
    char key[32], path[64];
    snprintf(key, sizeof key, "seed %d", seed);
    assert_true(page_is_done(at(state, name), key));
    static const char *const files[] = { "index.html", "run.json",   "table.csv", "loss.svg",
                                         "loss.csv",   "matrix.svg", "matrix.csv" };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", name, files[i]);
        assert_true(exists(at(state, path)));
    }
    snprintf(path, sizeof path, "%s.partial", name);
    assert_false(exists(at(state, path)));
    snprintf(path, sizeof path, "%s.old", name);
    assert_false(exists(at(state, path)));
}

/* What is written -------------------------------------------------------------------------------------------------- */

static void test_a_run(void **state)
{
    make_run(at(state, "above/and above/run/"), 1); /* the folders above are made */
    assert_run(state, "above/and above/run", 1);
    assert_false(page_is_done(at(state, "above/and above/run"), "seed 2"));
    assert_false(page_is_done(at(state, "above/and above/run"), "seed"));
    assert_false(page_is_done(at(state, "above"), "seed 1"));
    assert_false(page_is_done(at(state, "nowhere"), "seed 1"));

    xml *root = read_page(at(state, "above/and above/run/index.html"));
    assert_string_equal(xml_next(root, NULL, "h1")->text, "One layer");
    assert_string_equal(xml_next(root, NULL, "pre")->text, "experiments run r4.2");
    const xml *image = xml_next(root, NULL, "img");
    assert_string_equal(xml_value(image, "src"), "loss.svg");
    assert_string_equal(xml_value(image, "alt"), "Loss. Four epochs.");
    static const char *const cells[] = { "accuracy, A & B",
                                         "27.84\xc2\xa0%",
                                         "28.80\xc2\xa0%",
                                         "+0.96\xc2\xa0points",
                                         "another \"edition\"",
                                         "time",
                                         "–",
                                         "3.0\xc2\xa0s",
                                         "–",
                                         "",
                                         "seed",
                                         "1" };
    const xml *cell = NULL;
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        cell = xml_next(root, cell, "td");
        assert_string_equal(cell->text, cells[i]);
    }
    assert_null(xml_next(root, cell, "td"));
    for (const xml *a = xml_next(root, NULL, "a"); a; a = xml_next(root, a, "a")) {
        char path[128];
        snprintf(path, sizeof path, "above/and above/run/%s", xml_value(a, "href"));
        assert_true(exists(at(state, path)));
    }
    assert_true(holds(at(state, "above/and above/run/index.html"), "The loss falls to 0.25."));
    xml_free(root);

    char *table = read_text(at(state, "above/and above/run/table.csv"));
    assert_string_equal(table,
                        "report,item,what,theirs,ours,difference,unit,why\n"
                        "R4,2,\"accuracy, A & B\",27.84,28.8,0.9600000000000009,%,\"another \"\"edition\"\"\"\n"
                        "R4,2,time,,3,,s,\n");
    free(table);
    char *json = read_text(at(state, "above/and above/run/run.json"));
    assert_true(json_is_valid(json));
    const char *const list = json_member(json, "comparisons"), *const second =
                                                                   json_element(list, json_element(list, NULL));
    assert_non_null(second);
    assert_int_equal(strncmp(json_member(second, "theirs"), "null", 4), 0);
    assert_true(strtod(json_member(second, "ours"), NULL) == 3);
    assert_null(json_element(list, second));
    assert_non_null(json_element(json_member(json, "pictures"), json_element(json_member(json, "pictures"), NULL)));
    free(json);
}

static const char hostile[] = "</p><b> & \"x\" 'y' \\ \x01\x1b\xff λ\n]]>";

static void test_hostile_strings(void **state)
{
    page *p =
        page_open(at(state, "hostile"), &(page_head){ hostile, hostile, hostile, hostile, hostile, hostile }, &err);
    page_section(p, hostile);
    page_text(p, "%s", hostile);
    page_setting(p, hostile, "%s", hostile);
    page_compare(p, hostile, "%g", -1, 1e300, hostile, hostile);
    page_curves(p, "x", &(curves){ .title = hostile, .caption = hostile });
    assert_true(page_close(p, &err));
    assert_true(page_is_done(at(state, "hostile"), "</p><b> & \"x\" 'y' \\ \x01\x1b\xef\xbf\xbd λ\n]]>"));
    xml *root = read_page(at(state, "hostile/index.html"));
    assert_null(xml_next(root, NULL, "b"));
    assert_string_equal(xml_next(root, NULL, "h1")->text,
                        "</p><b> & \"x\" 'y' \\ \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd λ ]]>");
    xml_free(root);
    assert_int_equal(page_gather(at(state, ""), &err), 1);
    xml_free(read_page(at(state, "index.html")));
    remove(at(state, "index.html"));
}

/* Beside no report there is nothing to compare with: a row is what was measured, and the result. */
static void test_a_run_without_a_report(void **state)
{
    page *p = page_open(at(state, "alone"), &(page_head){ .title = "A run" }, &err);
    page_compare(p, "test accuracy", "%.2f", (double)NAN, 97.5, "%", NULL);
    assert_true(page_close(p, &err));
    xml *root = read_page(at(state, "alone/index.html"));
    assert_string_equal(xml_next(root, NULL, "h2")->text, "Results");
    static const char *const heads[] = { "what", "result" }, *const cells[] = { "test accuracy", "97.50\xc2\xa0%" };
    const xml *head_cell = NULL, *cell = NULL;
    for (int i = 0; i < 2; i++) {
        head_cell = xml_next(root, head_cell, "th");
        cell = xml_next(root, cell, "td");
        assert_string_equal(head_cell->text, heads[i]);
        assert_string_equal(cell->text, cells[i]);
    }
    assert_null(xml_next(root, head_cell, "th"));
    assert_null(xml_next(root, cell, "td"));
    xml_free(root);
}

static void test_shown_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *format;
        double x;
        bool sign;
        const char *shown;
    } cases[] = { { "%.2f", 27.84, false, "27.84" },
                  { "%.2f", -0.5, true,
                    "\xe2\x88\x92"
                    "0.50" },
                  { "%.0f", 3, true, "+3" },
                  { "%.2f", -0.001, true, "0.00" },
                  { "%.2f", 0.001, true, "0.00" },
                  { "%.1e", 0, true, "0.0e+00" },
                  { "%.1e", 1e-12, true, "+1.0e-12" },
                  { "%g", -0.0, true, "0" },
                  { "%g", 1e-9, false, "1e-09" },
                  { "%.3e", 1234.5, false, "1.234e+03" },
                  { "%f", HUGE_VAL, false, "∞" },
                  { "%.2f", -HUGE_VAL, false, "\xe2\x88\x92∞" },
                  { "%.17g", 0.1, false, "0.10000000000000001" },
                  { "%.2f", (double)NAN, true, "–" } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        shown_format f;
        text t = { 0 };
        assert_true(shown_format_of(cases[i].format, &f));
        shown_number(&t, f, cases[i].x, cases[i].sign, NULL);
        assert_string_equal(t.data, cases[i].shown);
        text_finish(&t);
    }
    static const char *const wrong[] = { "",   "%",     "%d",    "%s", "%.2",   "%.2f %%",
                                         "2f", "%.18f", "%5.2f", "%n", "%.2lf", "%.999999999999f" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        shown_format f;
        assert_false(shown_format_of(wrong[i], &f));
    }
}

static void test_json(void **state)
{
    (void)state;
    static const char *const valid[] = { "{}", " [ ] ", "{\"a\": [1, -2.5e+3, 0, true, null, \"\\u00e9\\\"\"]}",
                                         "\"\"", "0" };
    static const char *const wrong[] = {
        "",
        "{",
        "[1,]",
        "{\"a\" 1}",
        "{a: 1}",
        "01",
        "1.",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\n\"",
        "[1] 2",
        "nul",
        "{\"a\":}",
        "[",
        "\"",
        "-",
        "1e",
        "{\"a\":1,}",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
    };
    for (size_t i = 0; i < sizeof valid / sizeof valid[0]; i++)
        assert_true(json_is_valid(valid[i]));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (json_is_valid(wrong[i]))
            fail_msg("valid: %s", wrong[i]);
    const char *const object =
        "{\"b\": {\"key\": \"inner\"}, \"key\" : \"a\\u00e9\\n\\u20ac\\\\\", \"list\": [1, [2], 3]}";
    text t = { 0 };
    json_string(json_member(object, "key"), &t);
    assert_string_equal(t.data, "aé\n€\\");
    text_finish(&t);
    assert_null(json_member(object, "ke"));
    assert_null(json_member(object, "inner"));
    int n = 0;
    for (const char *e = json_element(json_member(object, "list"), NULL); e;
         e = json_element(json_member(object, "list"), e))
        n++;
    assert_int_equal(n, 3);
    assert_null(json_element("[]", NULL));
}

/* The folder ------------------------------------------------------------------------------------------------------- */

static void test_a_later_run_replaces(void **state)
{
    make_run(at(state, "again"), 1);
    page *p = open_run(at(state, "again"), 2);
    assert_true(page_is_done(at(state, "again"), "seed 1")); /* until it is closed */
    page_images(p, "more", &(images){ .channels = 1, .height = 1, .width = 1 });
    assert_true(page_close(p, &err));
    assert_run(state, "again", 2);
    assert_true(exists(at(state, "again/more.svg")));
    make_run(at(state, "again"), 3);
    assert_run(state, "again", 3);
    assert_false(exists(at(state, "again/more.svg")));
    page_abandon(open_run(at(state, "again"), 4));
    page_abandon(NULL);
    assert_run(state, "again", 3);
}

static void test_an_empty_folder_is_filled(void **state)
{
    mkdir(at(state, "empty"), 0777);
    make_run(at(state, "empty"), 1);
    assert_run(state, "empty", 1);
    assert_int_equal(symlink(at(state, "empty"), at(state, "link")), 0);
    make_run(at(state, "link"), 2); /* into the folder that the link names */
    assert_run(state, "empty", 2);
    assert_true(exists(at(state, "link/index.html")));
}

static void assert_refused(const char *dir, const char *named)
{
    page *p = page_open(dir, &head, &err);
    assert_int_not_equal(err.status, TG_OK);
    const tg_error at_once = err;
    page_curves(p, "loss", &plot_of_line);
    page_text(p, "%d", 1);
    assert_false(page_close(p, &err));
    assert_int_equal(err.status, at_once.status);
    assert_string_equal(err.text, at_once.text);
    assert_has(err.text, named);
    assert_null(strchr(err.text, '\n'));
}

/* Neither a folder of the user's, nor one of ours in which he has put a file, nor the two beside it. */
static void test_foreign_files_are_left_alone(void **state)
{
    mkdir(at(state, "mine"), 0777);
    scratch_write(at(state, "mine/thesis.tex"), "x", 1);
    scratch_write(at(state, "mine/run.json"), "{}", 2);
    assert_refused(at(state, "mine"), "run.json");
    scratch_write(at(state, "mine/files.txt"), "thesis.tex\n", 11); /* a list, but not one of ours */
    assert_refused(at(state, "mine"), "files.txt");
    assert_true(holds(at(state, "mine/thesis.tex"), "x"));
    remove(at(state, "mine/thesis.tex"));
    remove(at(state, "mine/run.json"));
    assert_refused(at(state, "mine"), "files.txt");
    assert_true(holds(at(state, "mine/files.txt"), "thesis.tex"));
    assert_false(exists(at(state, "mine.partial")));

    make_run(at(state, "ours"), 1);
    scratch_write(at(state, "ours/notes.txt"), "n", 1);
    assert_refused(at(state, "ours"), "notes.txt");
    assert_run(state, "ours", 1);
    remove(at(state, "ours/notes.txt"));
    page *p = open_run(at(state, "ours"), 2);
    scratch_write(at(state, "ours/notes.txt"), "n", 1); /* while the run goes on */
    assert_false(page_close(p, &err));
    assert_has(err.text, "notes.txt");
    assert_run(state, "ours", 1);
    assert_true(holds(at(state, "ours/notes.txt"), "n"));

    static const char *const beside[] = { "third.partial", "third.old" };
    for (int i = 0; i < 2; i++) {
        char path[64];
        mkdir(at(state, beside[i]), 0777);
        snprintf(path, sizeof path, "%s/data", beside[i]);
        scratch_write(at(state, path), "d", 1);
        assert_refused(at(state, "third"), "data");
        assert_true(exists(at(state, path)));
        remove(at(state, path));
        rmdir(at(state, beside[i]));
    }
}

static void test_what_cannot_be_a_folder(void **state)
{
    scratch_write(at(state, "file"), "f", 1);
    assert_refused(at(state, "file"), "a file of that name is in its place");
    assert_refused(at(state, "file/run"), "file");
    assert_true(holds(at(state, "file"), "f"));
    assert_refused("", "name");
    assert_int_equal(chdir(at(state, "")), 0);
    assert_refused(".", "\"file\""); /* the working directory, by its full name: it holds a foreign file */
    assert_int_equal(chdir("/"), 0);
    assert_refused("/", "name");
    assert_refused(at(state, "no/such/.."), "name");
    if (geteuid() != 0) {
        mkdir(at(state, "locked"), 0555);
        assert_refused(at(state, "locked/run"), strerror(EACCES));
    }
    assert_refused("/proc/tapegrad/run", "/proc/tapegrad");
}

static void test_wrong_calls(void **state)
{
    static const char *const names[] = { "", "a/b", "..", ".hidden", "a b", "ä", NULL };
    make_run(at(state, "calls"), 1);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        page *p = open_run(at(state, "calls"), 2);
        page_curves(p, names[i], &plot_of_line);
        assert_false(page_close(p, &err));
        assert_int_equal(err.status, TG_ERR_ARGUMENT);
    }
    page *p = open_run(at(state, "calls"), 2);
    page_scatter(p, "loss", &(scatter){ .classes = 1 }); /* a second one */
    page_compare(p, "x", "%s", 1, 2, NULL, NULL);        /* the first error stays */
    assert_false(page_close(p, &err));
    assert_has(err.text, "\"loss\"");
    p = open_run(at(state, "calls"), 2);
    page_compare(p, "speed", "%s", 1, 2, NULL, NULL);
    assert_false(page_close(p, &err));
    assert_has(err.text, "speed");
    p = open_run(at(state, "calls"), 2);
    page_scatter(p, "points", &(scatter){ .classes = 0 });
    assert_false(page_close(p, NULL));
    assert_false(page_close(NULL, &err));
    assert_int_equal(err.status, TG_ERR_ARGUMENT);
    assert_run(state, "calls", 1);
}

/* Interruptions and a full disk ------------------------------------------------------------------------------------ */

/* A run that is killed leaves the earlier results, and the next run its own. */
static void test_a_killed_run(void **state)
{
    make_run(at(state, "killed"), 1);
    const pid_t pid = fork();
    if (pid == 0) {
        open_run(at(state, "killed"), 2);
        kill(getpid(), SIGKILL);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_true(page_is_done(at(state, "killed"), "seed 1"));
    assert_true(exists(at(state, "killed.partial/loss.svg")));
    scratch_write(at(state, "killed.partial/loss.csv.123.part"), "half", 4); /* as a kill within a file leaves it */
    make_run(at(state, "killed"), 3);
    assert_run(state, "killed", 3);

    mkdir(at(state, "killed.partial"), 0777); /* before its list was begun, and within its first line */
    make_run(at(state, "killed"), 4);
    mkdir(at(state, "killed.partial"), 0777);
    scratch_write(at(state, "killed.partial/files.txt"), "the files of", 12);
    make_run(at(state, "killed"), 5);
    assert_run(state, "killed", 5);
}

/* Between the two renames, and before the old folder is gone. */
static void test_an_interrupted_exchange(void **state)
{
    make_run(at(state, "swap"), 1);
    assert_int_equal(rename(at(state, "swap"), at(state, "swap.old")), 0);
    page_abandon(open_run(at(state, "swap"), 2));
    assert_run(state, "swap", 1);

    make_run(at(state, "other"), 2);
    assert_int_equal(rename(at(state, "other"), at(state, "swap.old")), 0);
    make_run(at(state, "swap"), 3);
    assert_run(state, "swap", 3);
}

/* At each size at which the disk may be full: one sentence, the earlier run, nothing beside it. */
static void test_a_full_disk(void **state)
{
    make_run(at(state, "full"), 1);
    struct rlimit before, limit;
    getrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, SIG_IGN);
    int failed = 0;
    for (rlim_t most = 0; most < 5000; most += most < 200 ? 10 : 311) {
        limit = before;
        limit.rlim_cur = most;
        setrlimit(RLIMIT_FSIZE, &limit);
        const bool closed = page_close(open_run(at(state, "full"), 2), &err);
        setrlimit(RLIMIT_FSIZE, &before);
        if (closed)
            break;
        failed++;
        assert_int_equal(err.status, TG_ERR_IO);
        assert_has(err.text, strerror(EFBIG));
        assert_run(state, "full", 1);
    }
    assert_true(failed > 20);
}

/* Gathering -------------------------------------------------------------------------------------------------------- */

static void test_gather(void **state)
{
    static const struct {
        const char *dir, *report, *item;
    } runs[] = { { "all/b", "R1", "10" },
                 { "all/a run", "R1", "9" },
                 { "all/z", "R0", "3" },
                 { "all/c", NULL, NULL },
                 { "all/old.partial", "R9", "9" } };
    for (int i = 0; i < 5; i++) {
        page *p = page_open(
            at(state, runs[i].dir),
            &(page_head){ .report = runs[i].report, .item = runs[i].item, .title = runs[i].dir, .key = "k" }, &err);
        if (i < 2)
            page_compare(p, "accuracy", "%.1f", 50, 51 + i, "%", "because");
        if (i == 1)
            page_compare(p, "loss", "%.3f", 0.5, 0.25, NULL, NULL);
        assert_true(page_close(p, &err));
    }
    mkdir(at(state, "all/broken"), 0777);
    scratch_write(at(state, "all/broken/run.json"), "{\"generator\": \"tapegrad exam", 28);
    scratch_write(at(state, "all/file"), "f", 1);
    assert_int_equal(page_gather(at(state, "all"), &err), 4);
    assert_int_equal(err.status, TG_OK);
    xml *root = read_page(at(state, "all/index.html"));
    static const char *const links[] = { "z/index.html", "a%20run/index.html", "b/index.html", "c/index.html" };
    const xml *a = NULL;
    for (int i = 0; i < 4; i++) {
        a = xml_next(root, a, "a");
        assert_string_equal(xml_value(a, "href"), links[i]);
    }
    assert_null(xml_next(root, a, "a"));
    int cells = 0, rows = 0;
    for (const xml *x = xml_next(root, NULL, "tr"); x; x = xml_next(root, x, "tr"))
        rows++;
    for (const xml *x = xml_next(root, NULL, "td"); x; x = xml_next(root, x, "td"))
        cells++;
    assert_int_equal(rows, 1 + 5);
    assert_int_equal(cells, 4 * 3 + 5 * 5);
    xml_free(root);
    char *first = read_text(at(state, "all/index.html"));
    assert_has(first, "+2.0\xc2\xa0points");
    assert_has(first, "\xe2\x88\x92"
                      "0.250");
    assert_int_equal(page_gather(at(state, "all"), &err), 4); /* over its own page */
    char *second = read_text(at(state, "all/index.html"));
    assert_string_equal(first, second);
    free(first);
    free(second);

    scratch_write(at(state, "all/index.html"), "<html>mine</html>", 17);
    assert_int_equal(page_gather(at(state, "all"), &err), -1);
    assert_has(err.text, "index.html");
    assert_true(holds(at(state, "all/index.html"), "mine"));
    assert_int_equal(page_gather(at(state, "nowhere"), &err), -1);
    assert_int_equal(err.status, TG_ERR_IO);
    mkdir(at(state, "none"), 0777);
    assert_int_equal(page_gather(at(state, "none"), &err), 0);
}

static void test_same_bytes(void **state)
{
    static const char *const files[] = { "index.html", "run.json", "table.csv", "files.txt", "loss.svg" };
    make_run(at(state, "same1"), 1);
    make_run(at(state, "same2"), 1);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char a[64], b[64];
        snprintf(a, sizeof a, "same1/%s", files[i]);
        snprintf(b, sizeof b, "same2/%s", files[i]);
        char *one = read_text(at(state, a)), *two = read_text(at(state, b));
        assert_string_equal(one, two);
        free(one);
        free(two);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_run, scratch_open, tree_close),
        cmocka_unit_test_setup_teardown(test_hostile_strings, scratch_open, tree_close),
        cmocka_unit_test_setup_teardown(test_a_run_without_a_report, scratch_open, tree_close),
        cmocka_unit_test(test_shown_numbers),
        cmocka_unit_test(test_json),
        cmocka_unit_test_setup_teardown(test_a_later_run_replaces, scratch_open, tree_close),
        cmocka_unit_test_setup_teardown(test_an_empty_folder_is_filled, scratch_open, tree_close),
        cmocka_unit_test_setup_teardown(test_foreign_files_are_left_alone, scratch_open, tree_close),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_a_folder, scratch_open, tree_close),
        cmocka_unit_test_setup_teardown(test_wrong_calls, scratch_open, tree_close),
        cmocka_unit_test_setup_teardown(test_a_killed_run, scratch_open, tree_close),
        cmocka_unit_test_setup_teardown(test_an_interrupted_exchange, scratch_open, tree_close),
        cmocka_unit_test_setup_teardown(test_a_full_disk, scratch_open, tree_close),
        cmocka_unit_test_setup_teardown(test_gather, scratch_open, tree_close),
        cmocka_unit_test_setup_teardown(test_same_bytes, scratch_open, tree_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
