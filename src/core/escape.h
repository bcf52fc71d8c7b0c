/* escape.h - escaping text from users and files in messages, so that no control character reaches a terminal. */
#ifndef TG_ESCAPE_H
#define TG_ESCAPE_H

#include <stddef.h>

/* The bytes of the UTF-8 character at text (RFC 3629: no overlong form, surrogate, or code above 10FFFF), 1 .. 4; 0
   where there is none before `end`. */
size_t tg_utf8_size(const char *text, const char *end);

/* Copies text .. end to out, at most `size` >= 1 bytes with the terminating zero, and writes as \xNN every byte that is
   not part of a UTF-8 character, of a control character (C0, DEL, C1), or of one that breaks or reorders lines.
   Escaping escaped text does not change it. Stops before the first character that does not fit, and returns where. */
const char *tg_escape(char *out, size_t size, const char *text, const char *end);

#endif
