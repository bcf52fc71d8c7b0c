/* csv.c - tables of numbers as text. A file is read twice: for the number of its rows, and for their values. */
#include "tapegrad/csv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/format.h"
#include "core/number.h"
#include "core/status.h"
#include "core/error.h"
#include "core/lookup.h"
#include "data/dataset.h"

/* Cells ------------------------------------------------------------------------------------------------------------ */

enum { LONGEST = 255 };

typedef struct table {
    tg_infile file;
    uint64_t left; /* bytes of the file that are not in the buffer yet */
    char separator;
    bool has_header;
    int64_t rows, columns;
    int64_t counted; /* rows of the first reading; 0 before it */
    /* Where the reading is: */
    unsigned char buffer[4096];
    size_t n, at;
    int64_t line;              /* that is being read, counted from 1 */
    int64_t cell_line, column; /* of the cell, counted from 1 */
    char cell[LONGEST + 1];
    size_t length;
    tg_error *err;
} table;

/* What follows a cell. */
enum follower { CELL, ROW, END, FAILED };

static tg_status raise(const table *t, tg_status status, const char *what, const char *expected)
{
    return tg_error_raise(t->err, status, "%s, line %" PRId64 ", column %" PRId64 ": '%.60s' %s%s",
                          tg_path_end(t->file.path), t->cell_line, t->column, t->cell, what, expected);
}

/* The next byte without taking it; -1 at the end, -2 with the error raised. */
static int peek(table *t)
{
    if (t->at == t->n) {
        if (t->left == 0)
            return -1;
        t->n = t->left < sizeof t->buffer ? (size_t)t->left : sizeof t->buffer;
        t->at = 0;
        if (tg_infile_read(&t->file, t->buffer, t->n, "table", t->err) != TG_OK) {
            t->n = t->at = 0;
            return -2;
        }
        t->left -= t->n;
    }
    return t->buffer[t->at];
}

static bool append(table *t, int c)
{
    if (t->length == LONGEST || c == 0) {
        t->cell[t->length] = '\0';
        raise(t, TG_ERR_FORMAT, c ? "is longer than any number or name, of 255 bytes" : "holds a zero byte", "");
        return false;
    }
    t->cell[t->length++] = (char)c;
    return true;
}

/* The inside of a cell in quotes, of which the first has been taken. */
static bool take_quoted(table *t)
{
    for (;;) {
        const int c = peek(t);
        if (c < 0) {
            t->cell[t->length] = '\0';
            if (c == -1)
                raise(t, TG_ERR_FORMAT, "ends without the closing quote", "");
            return false;
        }
        t->at++;
        if (c == '"' && peek(t) != '"')
            return true;
        t->at += c == '"';
        t->line += c == '\n';
        if (!append(t, c))
            return false;
    }
}

/* Takes the next cell, without blanks around it where it has no quotes, and the separator or line end behind it. */
static enum follower next_cell(table *t)
{
    t->length = 0;
    t->column++;
    t->cell_line = t->line;
    size_t quoted = 0; /* bytes of the cell that were in quotes: their blanks stay */
    int c = peek(t);
    if (c == '"') {
        t->at++;
        if (!take_quoted(t))
            return FAILED;
        quoted = t->length;
        c = peek(t);
        if (c >= 0 && c != t->separator && c != '\n' && c != '\r') {
            t->cell[t->length] = '\0';
            raise(t, TG_ERR_FORMAT, "has something behind the closing quote", "");
            return FAILED;
        }
    }
    for (; c >= 0 && c != t->separator && c != '\n'; c = peek(t)) {
        t->at++;
        const bool is_blank = c == ' ' || c == '\t' || c == '\r';
        if (!(is_blank && t->length == 0) && !append(t, c))
            return FAILED;
    }
    while (t->length > quoted && strchr(" \t\r", t->cell[t->length - 1]))
        t->length--;
    t->cell[t->length] = '\0';
    t->at += c >= 0;
    return c == -2 ? FAILED : c == -1 ? END : c == '\n' ? ROW : CELL;
}

/* Rows -------------------------------------------------------------------------------------------------------------- */

/* Goes to the first line. */
static tg_status rewind_table(table *t)
{
    static const unsigned char mark[3] = { 0xef, 0xbb, 0xbf };
    t->left = t->file.size;
    t->n = t->at = 0;
    t->line = 0;
    const tg_status status = tg_infile_seek(&t->file, 0, t->err);
    if (status != TG_OK)
        return status;
    if (peek(t) == -2)
        return t->err->status;
    if (t->n >= sizeof mark && memcmp(t->buffer, mark, sizeof mark) == 0)
        t->at = sizeof mark;
    return TG_OK;
}

/* What is done with each cell of a row. */
typedef struct visitor {
    tg_status (*cell)(table *t, int64_t row, void *context);
    void *context;
} visitor;

static const visitor no_visitor;

/* Goes through the next row that is not empty. *found is false at the end of the file. */
static tg_status next_row(table *t, int64_t row, const visitor *v, bool *found)
{
    enum follower follower;
    tg_status status = TG_OK;
    *found = false;
    do {
        t->line++;
        t->column = 0;
        follower = next_cell(t);
    } while (follower == ROW && t->length == 0);
    if (follower == FAILED)
        return t->err->status;
    if (follower == END && t->length == 0 && t->column == 1)
        return TG_OK;
    *found = true;
    const int64_t line = t->cell_line;
    for (;;) {
        if (v->cell)
            status = v->cell(t, row, v->context);
        if (status != TG_OK || follower != CELL)
            break;
        if ((follower = next_cell(t)) == FAILED)
            return t->err->status;
    }
    if (status != TG_OK)
        return status;
    if (!t->columns)
        t->columns = t->column;
    if (t->column != t->columns)
        return tg_error_raise(t->err, TG_ERR_FORMAT,
                              "%s, line %" PRId64 ": %" PRId64 " cells, expected %" PRId64 " as in the first line",
                              tg_path_end(t->file.path), line, t->column, t->columns);
    return TG_OK;
}

/* Goes through all rows of numbers; and the header before them. */
static tg_status each_row(table *t, const visitor *header, const visitor *numbers)
{
    bool found = true;
    tg_status status = rewind_table(t);
    if (status == TG_OK && t->has_header)
        status = next_row(t, -1, header, &found);
    for (t->rows = 0; status == TG_OK && found; t->rows += found)
        status = next_row(t, t->rows, t->counted && t->rows >= t->counted ? &no_visitor : numbers, &found);
    if (status == TG_OK && t->counted && t->rows != t->counted)
        return tg_error_raise(t->err, TG_ERR_FORMAT, "%s: changed while it was read: %" PRId64 " rows, then %" PRId64,
                              tg_path_end(t->file.path), t->counted, t->rows);
    t->counted = t->rows;
    return status;
}

static tg_status table_open(table *t, const char *path, const tg_csv_config *config, tg_error *err)
{
    *t = (table){ .separator = config && config->separator ? config->separator : ',', .err = err };
    t->has_header = !config || !config->no_header;
    tg_status status = tg_infile_open(&t->file, path, err);
    if (status == TG_OK)
        status = each_row(t, &no_visitor, &no_visitor);
    if (status == TG_OK && t->rows == 0)
        status =
            tg_error_raise(err, TG_ERR_FORMAT, "%s: no rows of numbers, expected at least one", tg_path_end(path));
    return status;
}

/* Whether a separator can be one, for the functions that take a config. */
static tg_status check_config(const tg_csv_config *config, const char *path, const char *who, tg_error *err)
{
    if (!path)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: the path is NULL", who);
    if (config && config->separator && strchr("\"\r\n.+-0123456789", config->separator))
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: separator %d is a quote, a line end or part of a number",
                              who, config->separator);
    if (config && (config->classes < 0 || config->label_column < 0))
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: %d classes, label_column %d; neither can be negative", who,
                              config->classes, config->label_column);
    if (config && config->label && config->no_header)
        return tg_error_raise(err, TG_ERR_ARGUMENT,
                              "%s: a label by name, '%.64s', in a file without header; give "
                              "label_column",
                              who, config->label);
    return TG_OK;
}

/* Onto a tape ------------------------------------------------------------------------------------------------------- */

static tg_status put_number(table *t, int64_t row, void *context)
{
    tg_dataset *values = context; /* just x, dtype and features */
    double x;
    if (!tg_number_value(t->cell, &x))
        return raise(t, TG_ERR_FORMAT, "is no number", "");
    if (t->column <= values->features)
        tg_dataset_put(values, row * values->features + t->column - 1, x);
    return TG_OK;
}

tg_tensor tg_csv_read(tg_tape *tape, const char *path, const tg_csv_config *config)
{
    tg_error err = { 0 };
    table t = { 0 };
    if (!tape || !tg_tape_is_open(tape, "csv_read"))
        return tg_invalid(tape);
    const tg_mark mark = tg_tape_mark(tape);
    tg_tensor x = tg_invalid(tape);
    tg_status status = check_config(config, path, "csv_read", &err);
    if (status == TG_OK)
        status = table_open(&t, path, config, &err);
    if (status == TG_OK) {
        x = tg_full(tape, TG_SHAPE(t.rows, t.columns), 0);
        tg_dataset values = { .dtype = tape->dtype,
                              .features = t.columns,
                              .x = x.id ? tg_node_at(tape, x.id)->value : NULL };
        if (x.id)
            status = each_row(&t, &no_visitor, &(visitor){ put_number, &values });
    }
    tg_infile_close(&t.file);
    if (status == TG_OK)
        return x;
    if (x.id)
        tg_tape_rewind(tape, mark);
    tg_tape_raise(tape, status, strncmp(err.text, "csv_read", 8) ? "csv_read: %s" : "%s", err.text);
    return tg_invalid(tape);
}

/* As a data set ----------------------------------------------------------------------------------------------------- */

/* A set that is being filled. */
typedef struct filling {
    tg_dataset *set;
    const char *label;    /* the column's name, or NULL */
    int64_t label_column; /* counted from 1; 0 until it is found */
    int classes;          /* that the config says, or 0 */
    int32_t largest;      /* label so far */
    char names[400];      /* of the columns, for a message */
    size_t n_names;
} filling;

static tg_status find_label(table *t, int64_t row, void *context)
{
    (void)row;
    filling *f = context;
    if (strcmp(t->cell, f->label) == 0 && !f->label_column)
        f->label_column = t->column;
    f->n_names += tg_format(f->names + f->n_names, sizeof f->names - f->n_names,
                            t->column > 1 ? ", '%.40s'" : "'%.40s'", t->cell);
    return TG_OK;
}

static tg_status put_cell(table *t, int64_t row, void *context)
{
    filling *f = context;
    double x;
    if (!tg_number_value(t->cell, &x))
        return raise(t, TG_ERR_FORMAT, "is no number", "");
    if (t->column != f->label_column) {
        const int64_t feature = t->column - 1 - (t->column > f->label_column);
        if (feature < f->set->features)
            tg_dataset_put(f->set, row * f->set->features + feature, x);
        return TG_OK;
    }
    const int most = f->classes ? f->classes - 1 : INT32_MAX - 1;
    char expected[64];
    tg_format(expected, sizeof expected, "a whole number 0 .. %d", most);
    if (!(x >= 0 && x <= most && x == (double)(int32_t)x))
        return raise(t, TG_ERR_RANGE, "is no label, expected ", expected);
    f->set->labels[row] = (int32_t)x;
    f->largest = f->largest > (int32_t)x ? f->largest : (int32_t)x;
    return TG_OK;
}

/* Which column the labels are in. */
static tg_status choose_label(table *t, filling *f, const tg_csv_config *config)
{
    const char *file = tg_path_end(t->file.path);
    f->label_column = config && config->label          ? 0
                      : config && config->label_column ? config->label_column
                                                       : t->columns;
    if (config && config->label) {
        bool found;
        f->label = config->label;
        tg_status status = rewind_table(t);
        if (status == TG_OK)
            status = next_row(t, -1, &(visitor){ find_label, f }, &found);
        if (status != TG_OK)
            return status;
    }
    if (!f->label_column)
        return tg_error_raise(t->err, TG_ERR_RANGE, "%s: no column '%.64s'; there are %s", file, f->label, f->names);
    if (f->label_column > t->columns)
        return tg_error_raise(t->err, TG_ERR_RANGE, "%s: label_column %" PRId64 " of %" PRId64 " columns", file,
                              f->label_column, t->columns);
    if (t->columns < 2)
        return tg_error_raise(t->err, TG_ERR_FORMAT, "%s: one column, expected labels and at least one feature",
                              file);
    return TG_OK;
}

tg_status tg_dataset_read_csv(tg_dataset *set, const char *path, const tg_csv_config *config, tg_error *err)
{
    tg_error own;
    table t = { 0 };
    filling f = { .set = set, .classes = config ? config->classes : 0 };
    err = err ? err : &own;
    tg_status status = tg_dataset_check_empty(set, "dataset_read_csv", err);
    if (status == TG_OK)
        status = check_config(config, path, "dataset_read_csv", err);
    if (status != TG_OK)
        return status;
    status = table_open(&t, path, config, err);
    if (status == TG_OK)
        status = choose_label(&t, &f, config);
    if (status == TG_OK)
        status = tg_dataset_fill(set, t.rows, t.columns - 1, f.classes ? f.classes : 1, "dataset_read_csv", err);
    if (status == TG_OK) {
        status = each_row(&t, &no_visitor, &(visitor){ put_cell, &f });
        if (!f.classes)
            set->classes = f.largest + 1;
        if (status != TG_OK)
            tg_dataset_finish(set);
    }
    tg_infile_close(&t.file);
    return status == TG_OK ? tg_error_clear(err) : status;
}

/* Writing ----------------------------------------------------------------------------------------------------------- */

typedef struct writer {
    tg_outfile file;
    tg_status status;
    tg_error *err;
} writer;

static void put(writer *w, const char *text, size_t size)
{
    if (w->status == TG_OK)
        w->status = tg_outfile_write(&w->file, text, size, w->err);
}

static void put_text(writer *w, const char *text)
{
    put(w, text, strlen(text));
}

/* A name, in quotes if it needs them. */
static void put_name(writer *w, const char *name)
{
    if (!strpbrk(name, ",\"\r\n") && *name && *name != ' ' && name[strlen(name) - 1] != ' ') {
        put_text(w, name);
        return;
    }
    put_text(w, "\"");
    for (; *name; name++) {
        put_text(w, *name == '"' ? "\"" : "");
        put(w, name, 1);
    }
    put_text(w, "\"");
}

static void put_value(writer *w, double x, tg_dtype dtype)
{
    char text[TG_NUMBER_BYTES];
    put_text(w, tg_number_text(text, x, dtype == TG_F64 ? 17 : 9));
}

static tg_status check_names(const char *const *names, int64_t n, const char *who, tg_error *err)
{
    for (int64_t i = 0; names && i < n; i++)
        if (!names[i])
            return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: name %" PRId64 " of %" PRId64 " is NULL", who, i, n);
    return TG_OK;
}

static tg_status finish(writer *w)
{
    if (w->status == TG_OK)
        return tg_outfile_commit(&w->file, w->err) == TG_OK ? tg_error_clear(w->err) : TG_ERR_IO;
    tg_outfile_discard(&w->file);
    return w->status;
}

tg_status tg_dataset_write_csv(const tg_dataset *set, const char *path, const char *const *names, tg_error *err)
{
    char text[32];
    writer w = { .err = err };
    tg_status status = tg_dataset_check_full(set, "dataset_write_csv", err);
    if (status == TG_OK && !path)
        status = tg_error_raise(err, TG_ERR_ARGUMENT, "dataset_write_csv: the path is NULL");
    if (status == TG_OK)
        status = check_names(names, set->features, "dataset_write_csv", err);
    if (status == TG_OK)
        status = tg_outfile_open(&w.file, path, err);
    if (status != TG_OK)
        return status;
    for (int64_t i = 0; i < set->features; i++) {
        snprintf(text, sizeof text, "x%" PRId64, i + 1);
        put_name(&w, names ? names[i] : text);
        put_text(&w, ",");
    }
    put_text(&w, "label\n");
    for (int64_t i = 0; i < set->n && w.status == TG_OK; i++) {
        for (int64_t j = 0; j < set->features; j++) {
            put_value(&w, tg_dataset_get(set, i * set->features + j), set->dtype);
            put_text(&w, ",");
        }
        snprintf(text, sizeof text, "%d\n", (int)set->labels[i]);
        put_text(&w, text);
    }
    return finish(&w);
}

tg_status tg_csv_write(const char *path, tg_tensor x, const char *const *names, tg_error *err)
{
    writer w = { .err = err };
    char shape[192];
    const tg_node *n = x.tape ? tg_node_with_value(x, "csv_write") : NULL;
    if (!x.tape)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "csv_write: the tensor is the null tensor");
    if (!n)
        return tg_error_raise(err, tg_tape_status(x.tape), "%s", tg_tape_message(x.tape));
    if (!path)
        return tg_error_raise(err, TG_ERR_ARGUMENT, "csv_write: the path is NULL");
    const tg_shape *s = &n->extent->shape;
    if (s->rank != 2 || n->extent->size == 0)
        return tg_error_raise(err, TG_ERR_SHAPE,
                              "csv_write: shape %s, expected [rows, columns] with at least one of each",
                              tg_shape_text(s, shape, sizeof shape));
    const int64_t columns = s->dims[1];
    tg_status status = check_names(names, columns, "csv_write", err);
    if (status == TG_OK)
        status = tg_outfile_open(&w.file, path, err);
    if (status != TG_OK)
        return status;
    for (int64_t i = 0; names && i < columns; i++) {
        put_name(&w, names[i]);
        put_text(&w, i + 1 < columns ? "," : "\n");
    }
    for (int64_t i = 0; i < n->extent->size && w.status == TG_OK; i++) {
        put_value(&w, tg_element(x.tape, n->value, i), x.tape->dtype);
        put_text(&w, (i + 1) % columns ? "," : "\n");
    }
    return finish(&w);
}
