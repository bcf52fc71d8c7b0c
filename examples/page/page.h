/* page.h - a run's folder: pictures, numbers, and one page that shows them. */
#ifndef PAGE_H
#define PAGE_H

#include "picture/picture.h"

typedef struct page page;

/* Texts are UTF-8, copied by page_open; NULL or "": none. */
typedef struct page_head {
    const char *report, *item; /* "R4", "2"; NULL for a run that rebuilds no report */
    const char *title;
    const char *about;   /* a paragraph: what was done, on which data */
    const char *command; /* that made it, as typed */
    const char *key; /* what makes a finished run reusable: a text of all settings that matter; see page_is_done */
} page_head;

/* Begins a run's page. All is written to DIR.partial; what DIR held stays until page_close puts the new folder in its
   place. Folders above DIR are made; a DIR.partial that an interrupted run left is replaced. Nothing is ever removed
   but what a page wrote: the folder's files.txt lists that, and a DIR with any other file in it is refused.
   The first error sticks to the page; later calls do nothing; page_close returns it. It is in *err at once if the folder
   cannot be made or is refused, so that a long run need not begin. NULL (and *err) only if there is no memory. One
   process at a time may write to a DIR. */
page *page_open(const char *dir, const page_head *head, tg_error *err);

void page_section(page *p, const char *heading);                                        /* what follows is below it */
void page_text(page *p, const char *format, ...) __attribute__((format(printf, 2, 3))); /* a paragraph */
void page_setting(page *p, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4))); /* a row */

/* Write NAME.svg and NAME.csv, show the picture with its caption and links to both. NAME is of letters, digits, '-', '_'
   and '.', begins with none of the last, and is a page's only one of that name. */
void page_curves(page *p, const char *name, const curves *c);
void page_scatter(page *p, const char *name, const scatter *s);
void page_heatmap(page *p, const char *name, const heatmap *h);
void page_images(page *p, const char *name, const images *i);

/* A row of "theirs against ours": ("test accuracy, lambda 0, rate 0.1", "%.2f", 27.84, 28.8, "%", "another edition of
   the data"). NAN as theirs: the report gives no figure. `format` is of the numbers: '%', perhaps '.' and digits, and one
   of e, f and g. `unit` and `why` may be NULL; the difference of two figures in % is shown in points. The page of a run
   that rebuilds no report shows `ours` alone. */
void page_compare(page *p, const char *what, const char *format, double theirs, double ours, const char *unit,
                  const char *why);

/* Writes index.html, run.json, table.csv, puts the folder in place; frees the page. On failure, DIR is as it was before
   and DIR.partial is removed. TG_ERR_IO, TG_ERR_ARGUMENT, TG_ERR_MEMORY. A NULL page is an error, too. */
bool page_close(page *p, tg_error *err);

/* Removes DIR.partial, leaves DIR; frees the page; takes NULL. */
void page_abandon(page *p);

/* Whether DIR holds a finished run with this key. */
bool page_is_done(const char *dir, const char *key);

/* Gathers the runs under DIR (each DIR/NAME/run.json) into DIR/index.html: one table - report, item, what, theirs, ours,
   difference, why - with links to each run's page, ordered by report, item and name. What is no run is passed over; an
   index.html that no page wrote is not written over. Returns how many runs there were, -1 on failure. */
int page_gather(const char *dir, tg_error *err);

#endif
