/* name.c - the names of tensors: kept by node, found for messages, prints and visits. */
#include <string.h>

#include "core/format.h"
#include "core/tape.h"

/* The place of node `id` among the labels, or where it would be. */
static uint32_t place_of(const tg_tape *t, uint32_t id)
{
    uint32_t lo = 0, hi = t->n_labels;
    if (hi && t->labels[hi - 1].id < id)
        return hi;
    while (lo < hi) {
        const uint32_t mid = lo + (hi - lo) / 2;
        if (t->labels[mid].id < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool has_label(const tg_tape *t, uint32_t place, uint32_t id)
{
    return place < t->n_labels && t->labels[place].id == id;
}

const char *tg_label_of(const tg_tape *t, uint32_t id)
{
    const uint32_t place = place_of(t, id);
    if (has_label(t, place, id))
        return t->labels[place].text;
    const tg_node *n = tg_node_at(t, id);
    return n->flags & TG_NODE_PARAM ? ((const tg_binding *)n->attributes)->sink->name : NULL;
}

void tg_labels_drop(tg_tape *t, uint32_t count)
{
    while (t->n_labels && t->labels[t->n_labels - 1].id > count)
        tg_buffer_release(&t->pool, t->labels[--t->n_labels].text);
}

/* A copy of the name; NULL, with the error raised, out of memory. */
static char *copy(tg_tape *t, const char *name)
{
    const size_t bytes = strlen(name) + 1;
    char *text = tg_buffer_take(&t->pool, &t->heap, bytes);
    if (!text)
        tg_tape_raise(t, TG_ERR_MEMORY, "name: no memory for a name of %zu bytes", bytes);
    return text ? memcpy(text, name, bytes) : NULL;
}

/* Puts the text among the labels, in the place of an older one of the same node. */
static bool put(tg_tape *t, uint32_t id, char *text)
{
    const uint32_t place = place_of(t, id);
    if (has_label(t, place, id)) {
        tg_buffer_release(&t->pool, t->labels[place].text);
        t->labels[place].text = text;
        return true;
    }
    void *labels = t->labels;
    const bool good = tg_heap_grow(&t->heap, &labels, &t->label_capacity, t->n_labels + 1, sizeof *t->labels);
    t->labels = labels;
    if (!good)
        return false;
    memmove(t->labels + place + 1, t->labels + place, (t->n_labels++ - place) * sizeof *t->labels);
    t->labels[place] = (tg_label){ .id = id, .text = text };
    t->deferred_own |= t->mode == TG_DEFERRING;
    return true;
}

tg_tensor tg_name(tg_tensor x, const char *name)
{
    tg_tape *t = x.tape;
    if (!tg_node_of(x, "name"))
        return tg_invalid(t);
    if (!name) {
        tg_tape_raise(t, TG_ERR_ARGUMENT, "name: the name is NULL");
        return tg_invalid(t);
    }
    char *text = copy(t, name);
    if (text && put(t, x.id, text))
        return x;
    if (text) {
        tg_buffer_release(&t->pool, text);
        tg_tape_raise(t, TG_ERR_MEMORY, "name: no memory for %u names", t->n_labels + 1);
    }
    return tg_invalid(t);
}

/* In messages ----------------------------------------------------------------------------------------------------- */

enum { SHOWN = 60, MOST_OF_INPUTS = 320 }; /* bytes */

size_t tg_tensor_text(const tg_tape *t, uint32_t id, char *text, size_t size)
{
    char shape[192];
    size_t n = 0;
    const char *label = tg_label_of(t, id);
    if (label)
        n = tg_format(text, size, "\"%.*s%s\" ", SHOWN, label, strlen(label) > SHOWN ? "..." : "");
    return n +
           tg_format(text + n, size - n, "%s", tg_shape_text(&tg_node_at(t, id)->extent->shape, shape, sizeof shape));
}

size_t tg_application_text(const tg_tape *t, const tg_node *node, uint32_t id, char *text, size_t size)
{
    const char *result = id ? tg_label_of(t, id) : NULL;
    size_t n = tg_format(text, size, "%.60s", node->op->name);
    if (result)
        n += tg_format(text + n, size - n, " \"%.*s\"", SHOWN, result);
    for (int i = 0; i < node->n_inputs; i++) {
        const uint32_t in = tg_node_inputs(node)[i];
        n += tg_format(text + n, size - n, i ? " x " : ": ");
        if (n > MOST_OF_INPUTS) {
            n += tg_format(text + n, size - n, "...");
            break;
        }
        n += in ? tg_tensor_text(t, in, text + n, size - n) : tg_format(text + n, size - n, "none");
    }
    return n + tg_format(text + n, size - n, ": ");
}

bool tg_tape_record_vjp_range(tg_tape *t, uint32_t first, uint32_t of)
{
    void *made = t->vjp_ranges;
    const bool good =
        tg_heap_grow(&t->heap, &made, &t->vjp_range_capacity, t->n_vjp_ranges + 1, sizeof *t->vjp_ranges);
    t->vjp_ranges = made;
    if (good)
        t->vjp_ranges[t->n_vjp_ranges++] = (tg_vjp_range){ .first = first, .last = t->count, .of = of };
    else
        tg_tape_raise(t, TG_ERR_MEMORY, "grad: no memory to record what %u rules made", t->n_vjp_ranges + 1);
    return good;
}

/* Whose vjp made node `id`; 0 if none did. */
static uint32_t maker_of(const tg_tape *t, uint32_t id)
{
    uint32_t lo = 0, hi = t->n_vjp_ranges;
    while (lo < hi) {
        const uint32_t mid = lo + (hi - lo) / 2;
        if (t->vjp_ranges[mid].first <= id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo && id <= t->vjp_ranges[lo - 1].last ? t->vjp_ranges[lo - 1].of : 0;
}

/* A node's number: the chunk that it is in, and its place there. */
static uint32_t number_of(const tg_tape *t, const tg_node *n)
{
    for (uint32_t c = 0; c < t->n_chunks; c++) {
        const uintptr_t at = (uintptr_t)n - (uintptr_t)t->nodes[c];
        if (at < TG_NODES_PER_CHUNK * sizeof *n)
            return c << TG_NODE_CHUNK_BITS | (uint32_t)(at / sizeof *n);
    }
    return 0;
}

size_t tg_context_text(const tg_tape *t, char *text, size_t size)
{
    enum { MOST = 3 }; /* the operation that was called, and the innermost ones */
    uint32_t chain[MOST], depth = 0;
    for (uint32_t id = number_of(t, t->in_vjp); id; id = maker_of(t, id)) {
        depth -= depth == MOST;
        chain[depth++] = id;
    }
    size_t n = 0;
    while (depth-- > 0) {
        n += tg_format(text + n, size - n, "in the reverse pass of ");
        const size_t room = size - n < size / MOST ? size - n : size / MOST;
        n += tg_application_text(t, tg_node_at(t, chain[depth]), chain[depth], text + n, room);
    }
    return n;
}

tg_status tg_tensor_fail(tg_tensor x, tg_status status, const char *what, const char *format, ...)
{
    char text[TG_TEXT_BYTES];
    size_t n = tg_format(text, sizeof text, "%s: ", what);
    n += tg_tensor_text(x.tape, x.id, text + n, sizeof text - n);
    n += tg_format(text + n, sizeof text - n, ": ");
    va_list args;
    va_start(args, format);
    tg_format_v(text + n, sizeof text - n, format, args);
    va_end(args);
    return tg_tape_raise(x.tape, status, "%s", text);
}
