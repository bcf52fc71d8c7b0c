/* run.c - reads a run's folder. */
#include "page/run.h"

#include <string.h>

#include "output/files.h"
#include "page/html.h"
#include "page/json.h"
#include "page/page.h"

enum { RUN_MOST = 1 << 26 };

/* Whether the object's member is this string. */
static bool is_member(const char *json, const char *name, const char *wanted)
{
    text found = { 0 };
    json_string(json_member(json, name), &found);
    const bool same = !found.failed && found.data && strcmp(found.data, wanted) == 0;
    text_finish(&found);
    return same;
}

bool run_read(const char *dir, text *json)
{
    text path = { 0 };
    text_print(&path, "%s/run.json", dir);
    const bool ours = !path.failed && file_read(path.data, json, RUN_MOST, NULL) && json->size > 0 &&
                      json_is_valid(json->data) && is_member(json->data, "generator", GENERATOR);
    text_finish(&path);
    return ours;
}

bool page_is_done(const char *dir, const char *key)
{
    text json = { 0 };
    const bool done = dir && key && *key && run_read(dir, &json) && is_member(json.data, "key", key);
    text_finish(&json);
    return done;
}
