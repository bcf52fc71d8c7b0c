/* gather.c - one table over all runs under a folder. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "output/files.h"
#include "page/html.h"
#include "page/json.h"
#include "page/page.h"
#include "page/run.h"

enum { PAGE_MOST = 1 << 28 };

typedef struct run {
    char *name;              /* of its folder */
    text json, report, item; /* run.json, and what orders it */
} run;

typedef struct runs {
    run *at;
    int n, capacity;
    bool failed;
} runs;

static const char *string_of(const text *t)
{
    return t->data ? t->data : "";
}

static void finish_run(run *r)
{
    free(r->name);
    text_finish(&r->json);
    text_finish(&r->report);
    text_finish(&r->item);
}

static void finish_runs(runs *all)
{
    for (int i = 0; i < all->n; i++)
        finish_run(&all->at[i]);
    free(all->at);
}

/* The order of texts in which "9" is before "10". */
static int compare_naturally(const char *a, const char *b)
{
    while (*a && *b) {
        const size_t n = strspn(a, "0123456789"), m = strspn(b, "0123456789");
        if (n > 0 && m > 0) {
            const char *const x = a + strspn(a, "0"), *const y = b + strspn(b, "0");
            const size_t digits = (size_t)(a + n - x), others = (size_t)(b + m - y);
            const int order = digits != others ? (digits < others ? -1 : 1) : strncmp(x, y, digits);
            if (order != 0)
                return order;
            a += n;
            b += m;
        } else if (*a != *b)
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        else {
            a++;
            b++;
        }
    }
    return (*a != '\0') - (*b != '\0');
}

/* By report, runs without one last; then by item and name. */
static int compare_runs(const void *left, const void *right)
{
    const run *a = left, *b = right;
    if ((a->report.size == 0) != (b->report.size == 0))
        return a->report.size == 0 ? 1 : -1;
    int order = compare_naturally(string_of(&a->report), string_of(&b->report));
    if (order == 0)
        order = compare_naturally(string_of(&a->item), string_of(&b->item));
    if (order == 0)
        order = compare_naturally(a->name, b->name);
    return order != 0 ? order : strcmp(a->name, b->name);
}

/* Reads DIR/NAME; false if that is no run. */
static bool read_run(run *r, const char *dir, const char *name)
{
    text path = { 0 };
    text_print(&path, "%s/%s", dir, name);
    const bool ours = !path.failed && run_read(path.data, &r->json);
    if (ours) {
        json_string(json_member(r->json.data, "report"), &r->report);
        json_string(json_member(r->json.data, "item"), &r->item);
        r->name = malloc(strlen(name) + 1);
        if (r->name)
            strcpy(r->name, name);
    }
    text_finish(&path);
    return ours;
}

static void add_run(runs *all, run r)
{
    if (all->n == all->capacity) {
        const int capacity = all->capacity ? 2 * all->capacity : 16;
        run *at = realloc(all->at, (size_t)capacity * sizeof *at);
        if (!at) {
            all->failed = true;
            finish_run(&r);
            return;
        }
        all->at = at;
        all->capacity = capacity;
    }
    all->failed |= !r.name || r.report.failed || r.item.failed;
    all->at[all->n++] = r;
}

/* Folders that page_close is about to put in place or to remove are no runs of their own. */
static bool is_passing(const char *name)
{
    static const char *const ends[] = { ".partial", ".old" };
    const size_t size = strlen(name);
    for (int i = 0; i < 2; i++)
        if (size > strlen(ends[i]) && strcmp(name + size - strlen(ends[i]), ends[i]) == 0)
            return true;
    return name[0] == '.';
}

static bool find_runs(runs *all, const char *dir, tg_error *err)
{
    DIR *d = opendir(dir);
    if (!d)
        return fail_io(err, "read the folder", dir);
    for (struct dirent *e; (e = readdir(d));) {
        run r = { 0 };
        if (!is_passing(e->d_name) && read_run(&r, dir, e->d_name))
            add_run(all, r);
        else
            finish_run(&r);
    }
    closedir(d);
    if (all->failed)
        return fail_with(err, TG_ERR_MEMORY, "no memory for the runs under \"%s\"", path_end(dir));
    if (all->n > 0)
        qsort(all->at, (size_t)all->n, sizeof *all->at, compare_runs);
    return true;
}

/* A relative reference to a folder's page: all but letters, digits, '-', '_' and '.' as %XX. */
static void put_reference(text *t, const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    for (const char *c = name; *c; c++)
        if (strchr(plain, *c))
            text_add(t, c, 1);
        else
            text_print(t, "%%%02X", (unsigned)(unsigned char)*c);
    text_put(t, "/index.html");
}

static void put_cell(text *t, const char *class, const char *value)
{
    text string = { 0 };
    json_string(value, &string);
    text_print(t, "<td%s>", class);
    text_xml(t, string.data);
    text_put(t, "</td>");
    t->failed |= string.failed;
    text_finish(&string);
}

/* Report, item and the link to the run, beside so many rows. */
static void put_run(text *t, const run *r, int rows)
{
    text title = { 0 };
    json_string(json_member(r->json.data, "title"), &title);
    text_print(t, "<tr><td rowspan=\"%d\">", rows);
    text_xml(t, r->report.data);
    text_print(t, "</td><td rowspan=\"%d\">", rows);
    text_xml(t, r->item.data);
    text_print(t, "</td><td rowspan=\"%d\"><a href=\"", rows);
    put_reference(t, r->name);
    text_put(t, "\">");
    text_xml(t, title.size > 0 ? title.data : r->name);
    text_put(t, "</a></td>");
    t->failed |= title.failed;
    text_finish(&title);
}

static void put_rows(text *t, const run *r)
{
    static const struct {
        const char *name, *class;
    } columns[] = { { "what", "" },
                    { "theirs_shown", " class=\"number\"" },
                    { "ours_shown", " class=\"number\"" },
                    { "difference_shown", " class=\"number\"" },
                    { "why", "" } };
    const char *const list = json_member(r->json.data, "comparisons");
    int rows = 0;
    for (const char *row = json_element(list, NULL); row; row = json_element(list, row))
        rows++;
    put_run(t, r, rows > 0 ? rows : 1);
    if (rows == 0)
        text_put(t, "<td></td><td></td><td></td><td></td><td></td></tr>\n");
    int n = 0;
    for (const char *row = json_element(list, NULL); row; row = json_element(list, row)) {
        text_put(t, n++ > 0 ? "<tr>" : "");
        for (int i = 0; i < 5; i++)
            put_cell(t, columns[i].class, json_member(row, columns[i].name));
        text_put(t, "</tr>\n");
    }
}

/* Whether `path` may be written: there is nothing, or a page of ours. */
static bool is_free(const char *path, tg_error *err)
{
    text html = { 0 };
    FILE *file = fopen(path, "rb");
    if (!file)
        return true;
    fclose(file);
    const bool ours = file_read(path, &html, PAGE_MOST, err) && html.size > 0 && strstr(html.data, HTML_GENERATOR);
    text_finish(&html);
    return ours ||
           fail_with(err, TG_ERR_ARGUMENT, "\"%s\" was written by no run; expected another folder", path_end(path));
}

int page_gather(const char *dir, tg_error *err)
{
    runs all = { 0 };
    text path = { 0 }, html = { 0 };
    text_print(&path, "%s/index.html", dir);
    bool done = find_runs(&all, dir, err) && is_free(string_of(&path), err);
    if (done) {
        html_begin(&html, "The runs and the reports");
        text_put(&html, "<body class=\"wide\">\n<h1>The runs and the reports</h1>\n");
        text_print(&html,
                   "<p>%d %s. What the report says is under <i>theirs</i>; a dash where it gives no figure.</p>\n",
                   all.n, all.n == 1 ? "run" : "runs");
        text_put(&html,
                 "<div class=\"scroll\"><table>\n<tr><th>report</th><th>item</th><th>run</th><th>what</th>"
                 "<th class=\"number\">theirs</th><th class=\"number\">ours</th><th class=\"number\">difference</th>"
                 "<th>why</th></tr>\n");
        for (int i = 0; i < all.n; i++)
            put_rows(&html, &all.at[i]);
        text_put(&html, "</table></div>\n");
        html_end(&html);
        done = file_write(string_of(&path), &html, err);
    }
    const int n = all.n;
    finish_runs(&all);
    text_finish(&path);
    text_finish(&html);
    return done ? n : -1;
}
