/* xml.c - a strict reader of XML 1.0. */
#include "xml.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    const char *start, *at;
    char *reason;
    bool failed;
} reader;

static void fail(reader *r, const char *why)
{
    if (!r->failed)
        snprintf(r->reason, 160, "byte %zu: %s, at \"%.40s\"", (size_t)(r->at - r->start), why, r->at);
    r->failed = true;
}

static bool take(reader *r, const char *token)
{
    if (r->failed || strncmp(r->at, token, strlen(token)) != 0)
        return false;
    r->at += strlen(token);
    return true;
}

static void blanks(reader *r)
{
    r->at += strspn(r->at, " \t\r\n");
}

static void *checked(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static char *name(reader *r)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:";
    static const char others[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:0123456789.-";
    const size_t n = strspn(r->at, first) > 0 ? strspn(r->at, others) : 0;
    if (n == 0)
        fail(r, "no name");
    char *copy = checked(calloc(n + 1, 1));
    memcpy(copy, r->at, n);
    r->at += n;
    return copy;
}

/* One code point of UTF-8 that XML may hold, copied to *out. */
static void character(reader *r, char **out)
{
    const unsigned char *p = (const unsigned char *)r->at;
    const int size = p[0] < 0x80                   ? 1
                     : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
                     : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
                     : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                                   : 0;
    if (size == 0 || (size == 1 && p[0] < ' ' && !strchr("\t\r\n", p[0])) || p[0] == 0x7f) {
        fail(r, "a byte that XML may not hold");
        return;
    }
    unsigned code = size == 1 ? p[0] : p[0] & (0x7fu >> size);
    for (int i = 1; i < size; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            fail(r, "no UTF-8");
            return;
        }
        code = code << 6 | (p[i] & 0x3f);
    }
    const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    if (code < least[size] || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff || code == 0xfffe ||
        code == 0xffff) {
        fail(r, "a code that XML may not hold");
        return;
    }
    memcpy(*out, r->at, (size_t)size);
    *out += size;
    r->at += size;
}

static void entity(reader *r, char **out)
{
    static const struct {
        const char *token;
        char meaning;
    } known[] = { { "&amp;", '&' },  { "&lt;", '<' },    { "&gt;", '>' },
                  { "&quot;", '"' }, { "&apos;", '\'' }, { "&#39;", '\'' } };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (take(r, known[i].token)) {
            *(*out)++ = known[i].meaning;
            return;
        }
    fail(r, "an entity that is not known");
}

/* Character data up to one of the ends, decoded and added to what *text holds. */
static void data(reader *r, const char *ends, char **text)
{
    const size_t before = *text ? strlen(*text) : 0;
    size_t space = strcspn(r->at, ends);
    *text = checked(realloc(*text, before + space + 1));
    char *out = *text + before;
    while (!r->failed && *r->at && !strchr(ends, *r->at))
        if (*r->at == '&')
            entity(r, &out);
        else if (*r->at == '<')
            fail(r, "'<' in a value");
        else if (strncmp(r->at, "]]>", 3) == 0)
            fail(r, "\"]]>\" in text");
        else
            character(r, &out);
    *out = '\0';
    if (!*r->at)
        fail(r, "the end");
}

static void attribute(reader *r, xml *x)
{
    if (x->n_attributes == XML_ATTRIBUTES_MOST) {
        fail(r, "too many attributes");
        return;
    }
    char *const is = name(r);
    if (xml_value(x, is))
        fail(r, "an attribute twice");
    const int i = x->n_attributes++;
    x->attributes[i] = is;
    if (!take(r, "="))
        fail(r, "no '=' after an attribute");
    const char quote[] = { *r->at, '\0' };
    if (!take(r, "'") && !take(r, "\""))
        fail(r, "no quote before a value");
    data(r, quote[0] ? quote : "'", &x->values[i]);
    if (!take(r, quote))
        fail(r, "no quote after a value");
}

/* After '<': the name, the attributes; whether it is closed at once. */
static xml *open_tag(reader *r, xml *parent, bool *closed)
{
    xml *x = checked(calloc(1, sizeof *x));
    x->parent = parent;
    x->name = name(r);
    x->text = checked(calloc(1, 1));
    for (;;) {
        const char *before = r->at;
        blanks(r);
        *closed = take(r, "/>");
        if (r->failed || *closed || take(r, ">"))
            return x;
        if (r->at == before)
            fail(r, "no blank before an attribute");
        attribute(r, x);
    }
}

static void close_tag(reader *r, const xml *x)
{
    char *closed = name(r);
    if (strcmp(closed, x->name) != 0)
        fail(r, "another element is closed than was opened");
    free(closed);
    blanks(r);
    if (!take(r, ">"))
        fail(r, "no '>'");
}

static void append(xml *parent, xml *x)
{
    xml **place = &parent->child;
    while (*place)
        place = &(*place)->next;
    *place = x;
}

xml *xml_parse(const char *text, char reason[160])
{
    reader r = { text, text, reason, false };
    bool closed;
    reason[0] = '\0';
    if (take(&r, "<!DOCTYPE html>"))
        blanks(&r);
    if (!take(&r, "<"))
        fail(&r, "no element");
    xml *const root = open_tag(&r, NULL, &closed);
    xml *x = closed ? NULL : root, *last = NULL; /* `last`: the child of x that was added last */
    while (!r.failed && x) {
        data(&r, "<", &x->text);
        if (take(&r, "</")) {
            close_tag(&r, x);
            last = x;
            x = x->parent;
        } else if (take(&r, "<")) {
            xml *child = open_tag(&r, x, &closed);
            if (last && last->parent == x)
                last->next = child;
            else
                append(x, child);
            last = closed ? child : NULL;
            x = closed ? x : child;
        }
    }
    blanks(&r);
    if (!r.failed && *r.at)
        fail(&r, "something after the root");
    if (r.failed) {
        xml_free(root);
        return NULL;
    }
    return root;
}

static void free_one(xml *x)
{
    for (int i = 0; i < x->n_attributes; i++) {
        free(x->attributes[i]);
        free(x->values[i]);
    }
    free(x->name);
    free(x->text);
    free(x);
}

void xml_free(xml *root)
{
    while (root) {
        xml *x = root;
        while (x->child)
            x = x->child;
        xml *const parent = x->parent;
        const bool last = x == root;
        if (parent && !last)
            parent->child = x->next;
        free_one(x);
        if (last)
            return;
    }
}

const char *xml_value(const xml *x, const char *attribute)
{
    for (int i = 0; i < x->n_attributes; i++)
        if (strcmp(x->attributes[i], attribute) == 0)
            return x->values[i];
    return NULL;
}

const xml *xml_next(const xml *root, const xml *after, const char *wanted)
{
    const xml *x = after;
    do {
        if (!x)
            x = root;
        else if (x->child)
            x = x->child;
        else {
            while (x && x != root && !x->next)
                x = x->parent;
            x = !x || x == root ? NULL : x->next;
            if (!x)
                return NULL;
        }
    } while (wanted && strcmp(x->name, wanted) != 0);
    return x;
}
