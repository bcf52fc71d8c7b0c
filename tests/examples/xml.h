/* xml.h - a strict reader of XML 1.0, as much of it as pictures and pages need: elements, attributes, text, entities, and
   "<!DOCTYPE html>" at the start. What it does not support (comments, CDATA, processing instructions) it refuses. */
#ifndef TG_XML_H
#define TG_XML_H

#include <stddef.h>

enum { XML_ATTRIBUTES_MOST = 16 };

typedef struct xml {
    char *name;
    int n_attributes;
    char *attributes[XML_ATTRIBUTES_MOST], *values[XML_ATTRIBUTES_MOST];
    char *text; /* all character data directly in it */
    struct xml *parent, *child, *next;
} xml;

/* The root, or NULL and the reason: "byte 17: ...". */
xml *xml_parse(const char *text, char reason[160]);
void xml_free(xml *root);

/* An attribute's value, NULL if it has none of that name. */
const char *xml_value(const xml *x, const char *attribute);

/* The first element of that name after `after` in the document's order (NULL: from the root on); NULL: no more. A name of
   NULL is any. */
const xml *xml_next(const xml *root, const xml *after, const char *name);

#endif
