/* drawn.h - what a test reads back of a picture: its elements, its scales, the places of its paths. Include it first. */
#ifndef TG_DRAWN_H
#define TG_DRAWN_H

#include "scratch.h"

#include <math.h>
#include <stdbool.h>

#include "picture/picture.h"
#include "xml.h"

static inline const char *at(void **state, const char *name)
{
    return scratch_path(state, name);
}

/* The same, of a picture that is drawn many times: some file systems write out at once what replaces a file. */
static inline const char *again(void **state, const char *name)
{
    char file[64];
    snprintf(file, sizeof file, "%s.svg", name);
    remove(at(state, file));
    snprintf(file, sizeof file, "%s.csv", name);
    remove(at(state, file));
    return at(state, name);
}

static inline char *read_text(void **state, const char *name)
{
    size_t size;
    char *whole = (char *)scratch_read(at(state, name), &size);
    whole[size] = '\0';
    assert_int_equal(strlen(whole), size);
    return whole;
}

static inline xml *read_svg(void **state, const char *name)
{
    char reason[160];
    char *svg = read_text(state, name);
    xml *root = xml_parse(svg, reason);
    if (!root)
        fail_msg("%s: %s", name, reason);
    free(svg);
    assert_string_equal(root->name, "svg");
    assert_string_equal(xml_value(root, "xmlns"), "http://www.w3.org/2000/svg");
    assert_string_equal(xml_value(root, "role"), "img");
    assert_string_equal(root->child->name, "title");
    assert_string_equal(root->child->next->name, "desc");
    return root;
}

static inline bool has_class(const xml *x, const char *class)
{
    const char *value = xml_value(x, "class");
    return value && strncmp(value, class, strlen(class)) == 0 &&
           (value[strlen(class)] == ' ' || !value[strlen(class)]);
}

/* The i-th element of that name and first class. */
static inline const xml *find(const xml *root, const char *name, const char *class, int i)
{
    for (const xml *x = xml_next(root, NULL, name); x; x = xml_next(root, x, name))
        if (has_class(x, class) && i-- == 0)
            return x;
    fail_msg("no <%s class='%s'>", name, class);
    return NULL;
}

static inline int count(const char *string, char wanted)
{
    int n = 0;
    for (; *string; string++)
        n += *string == wanted;
    return n;
}

/* The scale of a drawn axis, from what the picture says of it. */
typedef struct scale {
    double low, high, from, to;
    bool log;
} scale;

static inline scale scale_of(const xml *root, bool y)
{
    const xml *plot = find(root, "svg", "plot", 0);
    scale s;
    double left, top, width, height;
    char kind[8];
    assert_int_equal(sscanf(xml_value(plot, y ? "data-y" : "data-x"), "%7s %lf %lf", kind, &s.low, &s.high), 3);
    assert_int_equal(sscanf(xml_value(plot, "data-frame"), "%lf %lf %lf %lf", &left, &top, &width, &height), 4);
    s.log = strcmp(kind, "log") == 0;
    s.from = y ? top + height : left;
    s.to = y ? top : left + width;
    return s;
}

static inline double pixel_of(const scale *s, double x)
{
    const double part = s->log ? log(x / s->low) / log(s->high / s->low) : (x - s->low) / (s->high - s->low);
    return s->from + part * (s->to - s->from);
}

/* The next place of a path, and the letter before it. */
static inline bool next_place(const char **path, char *letter, double *x, double *y)
{
    const char *start = *path + strcspn(*path, "MLl");
    int n;
    if (!*start)
        return false;
    *letter = *start;
    assert_int_equal(sscanf(start + 1, "%lf %lf%n", x, y, &n), 2);
    *path = start + 1 + n;
    return true;
}

/* The series of most tests. */
enum { N = 40 };
typedef struct sample {
    double x[N], y[N], low[N], high[N];
} sample;

static inline void fill(sample *s)
{
    for (int i = 0; i < N; i++) {
        s->x[i] = i + 1;
        s->y[i] = 2.3 * exp(-0.1 * i) + 0.01 * ((i * 37) % 11);
        s->low[i] = s->y[i] - 0.1;
        s->high[i] = s->y[i] + 0.2;
    }
}

#endif
