/* run.h - reads a run's folder. */
#ifndef PAGE_RUN_H
#define PAGE_RUN_H

#include "output/text.h"

/* Adds the text of DIR/run.json, if a page wrote it; else returns false. It is valid JSON in the sense of json.h. */
bool run_read(const char *dir, text *json);

#endif
