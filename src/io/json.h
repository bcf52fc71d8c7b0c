/* json.h - a strict reader of JSON whose caller says what must come next: the caller loops over objects and lists, strings
   are decoded in place, numbers are integers of 0 or more. The first error sticks: after it every function is a no-op and
   returns an empty value. */
#ifndef TG_JSON_H
#define TG_JSON_H

#include "tapegrad/types.h"

typedef struct tg_json {
    char *at, *end;    /* the unread text, terminated by a zero */
    const char *start; /* for messages, as the path is */
    const char *path;
    tg_status status;
    tg_error *err;
} tg_json;

/* Raises TG_ERR_FORMAT if nothing was raised before: "path: header byte 17: ". */
void tg_json_fail(tg_json *j, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Skips blanks and takes `c`, or fails. */
void tg_json_expect(tg_json *j, char c);

/* Whether a list or object that ends with `close` has an element number i; takes the comma before it, or `close`. */
bool tg_json_more(tg_json *j, char close, int64_t i);

/* A string, decoded and terminated within the text; "" on failure. A zero character in it becomes TG_JSON_ZERO, which no
   other text has: it is not UTF-8. */
#define TG_JSON_ZERO "\xc0\x80"
char *tg_json_string(tg_json *j);

/* Takes the word if it comes next: null, true or false. */
bool tg_json_word(tg_json *j, const char *word);

/* Takes a value of any kind, nested at most 128 deep, without a result. */
void tg_json_skip(tg_json *j);

/* An integer 0 .. INT64_MAX; 0 on failure. */
int64_t tg_json_integer(tg_json *j);

/* Fails if anything but blanks is left. */
void tg_json_finish(tg_json *j);

/* Whether these bytes are well-formed UTF-8 (RFC 3629: no overlong forms, surrogates, or codes above 10FFFF). */
bool tg_is_utf8(const char *text, size_t size);

#endif
