/* label.c - the names that users gave to tensors, by node. */
#include "core/label.h"

#include <string.h>

#include "core/param.h"
#include "core/tape.h"

/* The index of the label of node `id`, or where it would be inserted. */
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

bool tg_label_put(tg_tape *t, uint32_t id, char *text)
{
    const uint32_t place = place_of(t, id);
    if (has_label(t, place, id)) {
        tg_buffer_release(&t->pool, t->labels[place].text);
        t->labels[place].text = text;
        return true;
    }
    void *labels = t->labels;
    const bool has_space = tg_heap_grow(&t->heap, &labels, &t->label_capacity, t->n_labels + 1, sizeof *t->labels);
    t->labels = labels;
    if (!has_space)
        return false;
    memmove(t->labels + place + 1, t->labels + place, (t->n_labels++ - place) * sizeof *t->labels);
    t->labels[place] = (tg_label){ .id = id, .text = text };
    t->deferred_own_resources |= t->mode == TG_DEFERRING;
    return true;
}
