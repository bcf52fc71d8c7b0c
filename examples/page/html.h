/* html.h - what all pages have: head, style, foot; their markup is well-formed XML, too. */
#ifndef PAGE_HTML_H
#define PAGE_HTML_H

#include "output/text.h"

/* By this in run.json, and in a page's head, they are known as ours. */
#define GENERATOR      "tapegrad examples/page"
#define HTML_GENERATOR "<meta name=\"generator\" content=\"" GENERATOR "\"/>"

void html_begin(text *t, const char *title);
void html_end(text *t);

/* <TAG>the text, escaped</TAG>; nothing if it is NULL or "". `tag` may carry attributes. */
void html_element(text *t, const char *tag, const char *string);

#endif
