/* params_by_name.c - parameters on a tape by name. */
#include <string.h>

#include "core/error.h"
#include "core/lookup.h"
#include "core/param.h"
#include "nn/params.h"
#include "tapegrad/model.h"

/* Characters of a name that are compared. */
enum { COMPARED = 63 };

static int length(const char *name)
{
    const void *end = memchr(name, 0, strlen(name) < COMPARED ? strlen(name) + 1 : COMPARED);
    return end ? (int)((const char *)end - name) : COMPARED;
}

static int least(int a, int b, int c)
{
    const int ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* How many characters must be inserted, removed or replaced to make a from b (Levenshtein 1966). */
static int distance(const char *a, const char *b)
{
    int row[COMPARED + 1];
    const int n = length(a), m = length(b);
    for (int j = 0; j <= m; j++)
        row[j] = j;
    for (int i = 1; i <= n; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= m; j++) {
            const int replaced = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, replaced);
        }
    }
    return row[m];
}

static const char *nearest(const tg_params *p, const char *name)
{
    int best = 0, lowest = distance(name, p->at[0].name);
    for (int i = 1; i < p->n; i++) {
        const int d = distance(name, p->at[i].name);
        best = d < lowest ? i : best;
        lowest = d < lowest ? d : lowest;
    }
    return p->at[best].name;
}

tg_tensor tg_param_named(tg_tape *t, tg_params *p, const char *name)
{
    if (!t || !tg_tape_is_open(t, "param_named"))
        return tg_invalid(t);
    if (!p || !name)
        tg_tape_raise(t, TG_ERR_ARGUMENT, "param_named: %s is NULL", p ? "the name" : "params");
    else if (!p->n)
        tg_tape_raise(t, TG_ERR_ARGUMENT, "param_named: no parameter '%.64s' in a set of none", name);
    else if (tg_params_find(p, name) < 0)
        tg_tape_raise(t, TG_ERR_ARGUMENT, "param_named: no parameter '%.64s'; the nearest name is '%.64s'", name,
                      nearest(p, name));
    else
        return tg_param(t, p, tg_params_find(p, name));
    return tg_invalid(t);
}
