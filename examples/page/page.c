/* page.c - the page of a run while it is written. */
#include "page/page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "page/folder.h"
#include "page/html.h"
#include "page/json.h"
#include "page/shown.h"

enum { NAME_MOST = 100 };

/* The texts of a page, each of which grows as its calls come. */
typedef enum part {
    REPORT,
    ITEM,
    TITLE,
    ABOUT,
    COMMAND,
    KEY, /* of the head */
    BODY,
    SETTINGS,
    COMPARISONS, /* HTML */
    JSON_SETTINGS,
    JSON_COMPARISONS,
    JSON_PICTURES, /* elements of lists */
    TABLE,         /* CSV */
    SECTION,       /* the last heading */
    NAMES,         /* of the pictures, each within line ends */
    PARTS
} part;

struct page {
    folder folder;
    text parts[PARTS];
    tg_error err; /* the first */
};

static const char *string_of(const text *t)
{
    return t->data ? t->data : "";
}

page *page_open(const char *dir, const page_head *head, tg_error *err)
{
    page *p = calloc(1, sizeof *p);
    if (!p) {
        fail_with(err, TG_ERR_MEMORY, "no memory for a page");
        return NULL;
    }
    const page_head none = { 0 };
    head = head ? head : &none;
    const char *const copied[] = { head->report, head->item, head->title, head->about, head->command, head->key };
    for (int i = REPORT; i <= KEY; i++)
        text_put(&p->parts[i], copied[i] ? copied[i] : "");
    text_put(&p->parts[TABLE], "report,item,what,theirs,ours,difference,unit,why\n");
    text_put(&p->parts[NAMES], "\n");
    folder_begin(&p->folder, dir, &p->err);
    if (err)
        *err = p->err;
    return p;
}

static bool is_good(const page *p)
{
    return p && p->err.status == TG_OK;
}

static bool has(const page *p, part i)
{
    return p->parts[i].size > 0;
}

void page_section(page *p, const char *heading)
{
    if (!is_good(p))
        return;
    p->parts[SECTION].size = 0;
    text_put(&p->parts[SECTION], heading ? heading : "");
    html_element(&p->parts[BODY], "h2", heading);
}

void page_text(page *p, const char *format, ...)
{
    text paragraph = { 0 };
    va_list args;
    if (!is_good(p))
        return;
    va_start(args, format);
    text_print_v(&paragraph, format, args);
    va_end(args);
    html_element(&p->parts[BODY], "p", string_of(&paragraph));
    p->parts[BODY].failed |= paragraph.failed;
    text_finish(&paragraph);
}

/* `, "name": "value"`, without the comma if the name is the first of its object. */
static void put_string(text *t, const char *before, const char *name, const char *value)
{
    text_print(t, "%s\"%s\": ", before, name);
    text_put(t, value && *value ? "\"" : "null");
    text_json(t, value);
    text_put(t, value && *value ? "\"" : "");
}

/* JSON has no NaN and no infinity. */
static void put_number(text *t, const char *name, double value)
{
    text_print(t, ", \"%s\": ", name);
    if (isfinite(value))
        text_number(t, value);
    else
        text_put(t, "null");
}

static void begin_element(text *list)
{
    text_put(list, list->size > 0 ? ",\n    {" : "\n    {");
}

void page_setting(page *p, const char *name, const char *format, ...)
{
    text value = { 0 };
    va_list args;
    if (!is_good(p))
        return;
    va_start(args, format);
    text_print_v(&value, format, args);
    va_end(args);
    text *const html = &p->parts[SETTINGS], *const json = &p->parts[JSON_SETTINGS];
    text_put(html, "<tr><td>");
    text_xml(html, name);
    text_put(html, "</td><td>");
    text_xml(html, value.data);
    text_put(html, "</td></tr>\n");
    begin_element(json);
    put_string(json, "", "name", name);
    put_string(json, ", ", "value", value.data);
    text_put(json, "}");
    html->failed |= value.failed;
    text_finish(&value);
}

/* Checks and records the name of a picture. NULL, with the page's error set, if it cannot be; else the path without ".svg". */
static char *begin_picture(page *p, const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    const size_t size = name ? strlen(name) : 0;
    text line = { 0 };
    char *base = NULL;
    if (!is_good(p))
        return NULL;
    text_print(&line, "\n%s\n", name ? name : "");
    if (size == 0 || size > NAME_MOST || strspn(name, letters) != size || name[0] == '.')
        fail_with(
            &p->err, TG_ERR_ARGUMENT,
            "page: a picture named \"%.100s\", expected 1 to %d letters, digits, '-', '_' and '.', not '.' at first",
            name ? name : "", NAME_MOST);
    else if (!line.failed && strstr(string_of(&p->parts[NAMES]), line.data))
        fail_with(&p->err, TG_ERR_ARGUMENT, "page: a second picture named \"%s\"", name);
    else {
        text file = { 0 };
        text_print(&file, "%s.csv", name);
        if (folder_file(&p->folder, string_of(&file), &p->err)) {
            file.size = 0;
            text_print(&file, "%s.svg", name);
            const char *path = folder_file(&p->folder, string_of(&file), &p->err);
            base = path ? malloc(strlen(path) + 1) : NULL;
            if (base)
                strcpy(base, path)[strlen(path) - 4] = '\0';
            p->parts[NAMES].failed |= path && !base;
        }
        text_print(&p->parts[NAMES], "%s\n", name);
        text_finish(&file);
    }
    text_finish(&line);
    return base;
}

static void show_picture(page *p, const char *name, const char *kind, const char *title, const char *caption)
{
    text *const html = &p->parts[BODY], *const json = &p->parts[JSON_PICTURES];
    text_print(html, "<figure id=\"%s\"><img src=\"%s.svg\" width=\"720\" alt=\"", name, name);
    text_xml(html, title && *title ? title : kind);
    text_put(html, caption && *caption ? ". " : "");
    text_xml(html, caption);
    text_print(
        html,
        "\"/><figcaption><a href=\"%s.svg\">picture</a>, <a href=\"%s.csv\">its numbers</a></figcaption></figure>\n",
        name, name);
    begin_element(json);
    put_string(json, "", "name", name);
    put_string(json, ", ", "kind", kind);
    put_string(json, ", ", "section", p->parts[SECTION].data);
    put_string(json, ", ", "title", title);
    put_string(json, ", ", "caption", caption);
    text_put(json, "}");
}

/* One function a kind of picture: they differ in the name alone. */
#define PICTURE(kind)                                                                                                \
    void page_##kind(page *p, const char *name, const kind *what)                                                    \
    {                                                                                                                \
        char *base = begin_picture(p, name);                                                                         \
        if (base && draw_##kind(base, what, &p->err))                                                                \
            show_picture(p, name, #kind, what->title, what->caption);                                                \
        free(base);                                                                                                  \
    }
PICTURE(curves)
PICTURE(scatter)
PICTURE(heatmap)
PICTURE(images)
#undef PICTURE

/* Comparisons ---------------------------------------------------------------------------------------------------- */

/* A field of the table; empty for a number that is not there. */
static void put_field(text *t, double x)
{
    text_put(t, ",");
    if (!isnan(x))
        text_number(t, x);
}

enum { THEIRS, OURS, DIFFERENCE };

typedef struct comparison {
    const char *what, *unit, *why;
    double numbers[3]; /* theirs, ours, the difference */
    text shown[3];
} comparison;

static void add_comparison(page *p, const comparison *c)
{
    static const char *const names[] = { "theirs", "ours", "difference" };
    static const char *const shown[] = { "theirs_shown", "ours_shown", "difference_shown" };
    text *const html = &p->parts[COMPARISONS], *const json = &p->parts[JSON_COMPARISONS],
                *const csv = &p->parts[TABLE];
    const bool compared = has(p, REPORT);
    text_put(html, "<tr><td>");
    text_xml(html, c->what);
    begin_element(json);
    put_string(json, "", "what", c->what);
    text_csv(csv, p->parts[REPORT].data);
    text_put(csv, ",");
    text_csv(csv, p->parts[ITEM].data);
    text_put(csv, ",");
    text_csv(csv, c->what);
    for (int i = 0; i < 3; i++) {
        if (compared || i == OURS) {
            text_put(html, "</td><td class=\"number\">");
            text_xml(html, c->shown[i].data);
        }
        put_number(json, names[i], c->numbers[i]);
        put_string(json, ", ", shown[i], c->shown[i].data);
        put_field(csv, c->numbers[i]);
        html->failed |= c->shown[i].failed;
    }
    text_put(html, compared ? "</td><td>" : "");
    text_xml(html, compared ? c->why : NULL);
    text_put(html, "</td></tr>\n");
    put_string(json, ", ", "unit", c->unit);
    put_string(json, ", ", "why", c->why);
    text_put(json, "}");
    text_put(csv, ",");
    text_csv(csv, c->unit);
    text_put(csv, ",");
    text_csv(csv, c->why);
    text_put(csv, "\n");
}

void page_compare(page *p, const char *what, const char *format, double theirs, double ours, const char *unit,
                  const char *why)
{
    shown_format f;
    if (!is_good(p))
        return;
    if (!shown_format_of(format, &f)) {
        fail_with(&p->err, TG_ERR_ARGUMENT, "page: the format \"%.40s\" of \"%.100s\", expected one like \"%%.2f\"",
                  format ? format : "", what ? what : "");
        return;
    }
    comparison c = { .what = what, .unit = unit, .why = why, .numbers = { theirs, ours, ours - theirs } };
    for (int i = 0; i < 3; i++)
        shown_number(&c.shown[i], f, c.numbers[i], i == DIFFERENCE,
                     i == DIFFERENCE && unit && !strcmp(unit, "%") ? "points" : unit);
    add_comparison(p, &c);
    for (int i = 0; i < 3; i++)
        text_finish(&c.shown[i]);
}

/* Closing ---------------------------------------------------------------------------------------------------------- */

static void make_page(const page *p, text *t)
{
    const char *const report = string_of(&p->parts[REPORT]), *const item = string_of(&p->parts[ITEM]);
    html_begin(t, p->parts[TITLE].data);
    text_put(t, "<body>\n");
    text place = { 0 };
    if (*report)
        text_print(&place, "Report %s%s%s", report, *item ? ", item " : "", item);
    html_element(t, "p class=\"quiet\"", place.data);
    html_element(t, "h1", p->parts[TITLE].data);
    html_element(t, "p", p->parts[ABOUT].data);
    if (has(p, COMPARISONS)) {
        html_element(t, "h2", *report ? "Against the report" : "Results");
        text_put(t, "<div class=\"scroll\"><table>\n<tr><th>what</th>");
        text_put(t, *report ? "<th class=\"number\">theirs</th><th class=\"number\">ours</th>"
                              "<th class=\"number\">difference</th><th>why</th></tr>\n"
                            : "<th class=\"number\">result</th></tr>\n");
        text_put(t, p->parts[COMPARISONS].data);
        text_put(t, "</table></div>\n");
    }
    text_put(t, string_of(&p->parts[BODY]));
    if (has(p, SETTINGS)) {
        html_element(t, "h2", "Settings");
        text_put(t, "<div class=\"scroll\"><table>\n");
        text_put(t, p->parts[SETTINGS].data);
        text_put(t, "</table></div>\n");
    }
    if (has(p, COMMAND)) {
        html_element(t, "h2", "Made by");
        html_element(t, "pre", p->parts[COMMAND].data);
    }
    text_put(t, "<p class=\"quiet\">The run as data: <a href=\"run.json\">run.json</a>, <a "
                "href=\"table.csv\">table.csv</a></p>\n");
    html_end(t);
    t->failed |= place.failed;
    text_finish(&place);
}

static void make_json(const page *p, text *t)
{
    static const char *const names[] = { "report", "item", "title", "about", "command", "key" };
    static const struct {
        const char *name;
        part part;
    } lists[] = { { "settings", JSON_SETTINGS }, { "comparisons", JSON_COMPARISONS }, { "pictures", JSON_PICTURES } };
    put_string(t, "{\n  ", "generator", GENERATOR);
    for (int i = REPORT; i <= KEY; i++)
        put_string(t, ",\n  ", names[i], p->parts[i].data);
    for (int i = 0; i < 3; i++)
        text_print(t, ",\n  \"%s\": [%s]", lists[i].name, string_of(&p->parts[lists[i].part]));
    text_put(t, "\n}\n");
}

static bool put_file(page *p, const char *name, const text *t)
{
    const char *path = folder_file(&p->folder, name, &p->err);
    return path && file_write(path, t, &p->err);
}

static bool finish(page *p)
{
    text html = { 0 }, json = { 0 };
    if (!is_good(p))
        return false;
    make_page(p, &html);
    make_json(p, &json);
    for (int i = 0; i < PARTS; i++)
        html.failed |= p->parts[i].failed;
    const bool done = put_file(p, "table.csv", &p->parts[TABLE]) && put_file(p, "run.json", &json) &&
                      put_file(p, "index.html", &html) && folder_commit(&p->folder, &p->err);
    text_finish(&html);
    text_finish(&json);
    return done;
}

void page_abandon(page *p)
{
    if (!p)
        return;
    folder_discard(&p->folder);
    for (int i = 0; i < PARTS; i++)
        text_finish(&p->parts[i]);
    free(p);
}

bool page_close(page *p, tg_error *err)
{
    if (!p)
        return fail_with(err, TG_ERR_ARGUMENT, "page: NULL, expected one that page_open made");
    const bool done = finish(p);
    if (err)
        *err = p->err;
    page_abandon(p);
    return done;
}
