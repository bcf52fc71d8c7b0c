/* json.h - reads what page.c wrote: values in a text that was found valid as a whole. */
#ifndef PAGE_JSON_H
#define PAGE_JSON_H

#include <stdbool.h>

#include "output/text.h"

/* Whether the text is one JSON value (RFC 8259), nested 32 deep at most. What follows may be asked only of such a text. */
bool json_is_valid(const char *value);

/* The value of an object's member; NULL if `value` is no object (or NULL) or has no such member. */
const char *json_member(const char *value, const char *name);

/* The element after `element` of a list, the first after NULL; NULL past the last, or if `list` is none. */
const char *json_element(const char *list, const char *element);

/* Adds a string's text; nothing if the value is no string or NULL. \u escapes of surrogates become U+FFFD. */
void json_string(const char *value, text *out);

#endif
