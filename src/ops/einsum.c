/* einsum.c - sums of products in Einstein's notation, "ij,jk->ik": operand after operand is contracted into the one before it by
   a batched matrix product */
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "core/lookup.h"
#include "core/tape.h"
#include "tapegrad/ops.h"

/* A tensor and the letters of its axes. */
typedef struct labelled {
    tg_tensor x;
    char letters[2 * TG_MAX_RANK + 1];
} labelled;

static bool fail(tg_tensor x, const char *spec, const char *why)
{
    tg_tape_raise(x.tape, TG_ERR_ARGUMENT, "einsum: \"%.80s\": %s", spec, why);
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int find(const char *letters, char c)
{
    const char *at = c ? strchr(letters, c) : NULL;
    return at ? (int)(at - letters) : -1;
}

/* Reads letters up to the next comma, arrow or end; false where there are other characters or too many. */
static bool read_letters(const char **spec, char *letters)
{
    int n = 0;
    for (; **spec && **spec != ',' && **spec != '-'; ++*spec) {
        if (**spec == ' ')
            continue;
        if (!is_letter(**spec) || n == TG_MAX_RANK)
            return false;
        letters[n++] = **spec;
    }
    letters[n] = '\0';
    return true;
}

/* Without an arrow: the letters that appear once, in alphabetical order, capitals first. */
static bool implied(const char *spec, char *letters)
{
    int n = 0;
    for (int c = 'A'; c <= 'z'; c++) {
        const char *first = is_letter((char)c) ? strchr(spec, c) : NULL;
        if (!first || strchr(first + 1, c))
            continue;
        if (n == TG_MAX_RANK)
            return false;
        letters[n++] = (char)c;
    }
    letters[n] = '\0';
    return true;
}

static bool parse(const char *spec, const tg_tensor *xs, int n, labelled *operands, char *out)
{
    const char *at = spec;
    for (int i = 0; i < n; i++) {
        operands[i].x = xs[i];
        if (!read_letters(&at, operands[i].letters))
            return fail(xs[0], spec, "an operand has something else than letters, or more than 8 of them");
        if (i + 1 < n && *at++ != ',')
            return fail(xs[0], spec, "there are fewer operands than tensors");
    }
    if (*at == ',')
        return fail(xs[0], spec, "there are more operands than tensors");
    if (!*at)
        return implied(spec, out) || fail(xs[0], spec, "the result would have more than 8 axes");
    if (at[0] != '-' || at[1] != '>')
        return fail(xs[0], spec, "an arrow is written ->");
    at += 2;
    if (!read_letters(&at, out) || *at)
        return fail(xs[0], spec, "the result has something else than letters, or more than 8 of them");
    for (const char *c = out; *c; c++)
        if (strchr(c + 1, *c))
            return fail(xs[0], spec, "a letter is twice in the result");
    return true;
}

/* Each operand has as many axes as letters, and a letter means one size everywhere. */
static bool sizes_fit(const char *spec, const labelled *operands, int n, const char *out)
{
    int64_t sizes[128];
    memset(sizes, -1, sizeof sizes);
    for (int i = 0; i < n; i++) {
        const tg_shape s = tg_shape_of(operands[i].x);
        if (s.rank != (int)strlen(operands[i].letters))
            return fail(operands[0].x, spec, "an operand has another rank than letters");
        for (int d = 0; d < s.rank; d++) {
            int64_t *size = &sizes[(int)operands[i].letters[d]];
            if (*size >= 0 && *size != s.dims[d])
                return fail(operands[0].x, spec, "a letter means two different sizes");
            *size = s.dims[d];
        }
    }
    for (const char *c = out; *c; c++)
        if (sizes[(int)*c] < 0)
            return fail(operands[0].x, spec, "a letter of the result is in no operand");
    return true;
}

/* Brings the axes into the order of `letters`, which are those of `a`. */
static labelled ordered(labelled a, const char *letters)
{
    int axes[TG_MAX_RANK];
    bool moved = false;
    for (int d = 0; letters[d]; d++) {
        axes[d] = find(a.letters, letters[d]);
        moved = moved || axes[d] != d;
    }
    if (moved)
        a.x = tg_permute(a.x, axes);
    strcpy(a.letters, letters);
    return a;
}

/* The letters of a for which in(b) is `in_b` and in(keep) is `kept`, appended to `letters`. */
static void append(char *letters, const char *a, const char *b, bool in_b, const char *keep, int kept)
{
    char *end = letters + strlen(letters);
    for (; *a; a++)
        if ((find(b, *a) >= 0) == in_b && (kept < 0 || (find(keep, *a) >= 0) == kept))
            *end++ = *a;
    *end = '\0';
}

/* a with each letter once, by diagonals, and without those that are not in `keep`, by sums. */
static labelled reduced(labelled a, const char *keep)
{
    for (int d = 0; a.letters[d];) {
        const char letter = a.letters[d], *again = strchr(a.letters + d + 1, letter);
        if (!again) {
            d++;
            continue;
        }
        const int second = (int)(again - a.letters), rank = (int)strlen(a.letters);
        int axes[TG_MAX_RANK], n = 0;
        char letters[TG_MAX_RANK + 1] = "";
        for (int e = 0; e < rank; e++)
            if (e != d && e != second) {
                letters[n] = a.letters[e];
                axes[n++] = e;
            }
        axes[n] = d;
        axes[n + 1] = second;
        letters[n] = letter;
        letters[n + 1] = '\0';
        a.x = tg_diagonal(tg_permute(a.x, axes));
        strcpy(a.letters, letters);
        d = 0;
    }
    int axes[TG_MAX_RANK], n = 0;
    char letters[TG_MAX_RANK + 1] = "";
    for (int d = 0; a.letters[d]; d++)
        if (find(keep, a.letters[d]) < 0)
            axes[n++] = d;
    append(letters, a.letters, keep, true, keep, -1);
    if (n > 0)
        a.x = tg_sum(a.x, tg_axes(axes, n), false);
    strcpy(a.letters, letters);
    return a;
}

static int64_t size_of(const labelled *a, const char *letters)
{
    int64_t size = 1;
    for (; *letters; letters++)
        size *= tg_dim(a->x, find(a->letters, *letters));
    return size;
}

/* The product of a and b, summed over the letters that both have and that are not in `keep`. */
static bool contract(labelled *a, labelled b, const char *keep)
{
    char batch[32] = "", left[32] = "", inner[32] = "", right[32] = "", a_order[96], b_order[96], result[96];
    append(batch, a->letters, b.letters, true, keep, 1);
    append(inner, a->letters, b.letters, true, keep, 0);
    append(left, a->letters, b.letters, false, keep, -1);
    append(right, b.letters, a->letters, false, keep, -1);
    snprintf(a_order, sizeof a_order, "%s%s%s", batch, left, inner);
    snprintf(b_order, sizeof b_order, "%s%s%s", batch, inner, right);
    snprintf(result, sizeof result, "%s%s%s", batch, left, right);
    if (strlen(result) > TG_MAX_RANK)
        return false;
    tg_shape s = { .rank = 0 };
    for (const char *c = result; *c; c++)
        s.dims[s.rank++] = find(a->letters, *c) >= 0 ? size_of(a, (char[]){ *c, 0 }) : size_of(&b, (char[]){ *c, 0 });
    const int64_t n = size_of(a, batch), rows = size_of(a, left), k = size_of(a, inner), cols = size_of(&b, right);
    const labelled first = ordered(*a, a_order), second = ordered(b, b_order);
    const tg_tensor x = tg_reshape(first.x, *batch ? TG_SHAPE(n, rows, k) : TG_SHAPE(rows, k));
    const tg_tensor y = tg_reshape(second.x, *batch ? TG_SHAPE(n, k, cols) : TG_SHAPE(k, cols));
    a->x = tg_reshape(tg_matmul(x, y), s);
    strcpy(a->letters, result);
    return true;
}

/* The letters of the result and of the operands from `first` on, which may be any of 52. */
static void needed(const labelled *operands, int n, int first, const char *out, char *keep)
{
    char *end = keep;
    for (int c = 'A'; c <= 'z'; c++) {
        bool found = is_letter((char)c) && strchr(out, c);
        for (int i = first; is_letter((char)c) && i < n; i++)
            found = found || strchr(operands[i].letters, c);
        if (found)
            *end++ = (char)c;
    }
    *end = '\0';
}

static tg_tensor evaluate(const char *spec, labelled *operands, int n, const char *out)
{
    char keep[64];
    needed(operands, n, 1, out, keep);
    labelled a = reduced(operands[0], keep);
    for (int i = 1; i < n && a.x.id; i++) {
        char own[128];
        needed(operands, n, i + 1, out, keep);
        snprintf(own, sizeof own, "%s%s", keep, a.letters);
        labelled b = reduced(operands[i], own);
        if (!b.x.id)
            return b.x;
        if (!contract(&a, b, keep)) {
            fail(operands[0].x, spec, "a product in between has more than 8 axes; another order of operands may not");
            return tg_invalid(operands[0].x.tape);
        }
        a = a.x.id ? reduced(a, keep) : a;
    }
    return a.x.id ? ordered(a, out).x : a.x;
}

tg_tensor tg_einsum(const char *spec, const tg_tensor *xs, int n)
{
    enum { MOST = 8 };
    labelled operands[MOST];
    char out[TG_MAX_RANK + 1];
    if (n < 1 || !xs || !xs[0].tape)
        return (tg_tensor){ 0 };
    tg_tape *t = xs[0].tape;
    for (int i = 0; i < n && i < MOST; i++) {
        if (xs[i].tape && xs[i].tape != t)
            tg_tape_raise(t, TG_ERR_TAPE, "einsum: input %d is a tensor of another tape", i);
        else if (!xs[i].tape)
            tg_tape_raise(t, TG_ERR_ARGUMENT, "einsum: input %d is the null tensor", i);
        else
            tg_node_of(xs[i], "einsum");
    }
    if (t->status != TG_OK || !tg_tape_is_open(t, "einsum"))
        return tg_invalid(t);
    if (!spec || n > MOST) {
        tg_tape_raise(t, TG_ERR_ARGUMENT, "einsum: %d operands%s; 1 .. %d and a text are right", n,
                      spec ? "" : " and no text", MOST);
        return tg_invalid(t);
    }
    if (!parse(spec, xs, n, operands, out) || !sizes_fit(spec, operands, n, out))
        return tg_invalid(t);
    return evaluate(spec, operands, n, out);
}
