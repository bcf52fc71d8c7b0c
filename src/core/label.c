/* label.c - the names that users gave to tensors, by node. */
#include "core/label.h"

#include "core/param.h"

/* Where the name of node `id` is kept; NULL where no node of its chunk has one. */
static char **place_of(const tg_tape *t, uint32_t id)
{
    tg_labels *l = id <= t->last_label ? t->labels[id >> TG_NODE_CHUNK_BITS] : NULL;
    return l ? &l->text[id & (TG_NODES_PER_CHUNK - 1)] : NULL;
}

const char *tg_label_of(const tg_tape *t, uint32_t id)
{
    char *const *label = place_of(t, id);
    if (label && *label)
        return *label;
    const tg_node *n = tg_node_at(t, id);
    return n->flags & TG_NODE_PARAM ? ((const tg_binding *)n->attributes)->sink->name : NULL;
}

static void drop_from(tg_tape *t, tg_labels *l, uint32_t first)
{
    for (uint32_t i = TG_NODES_PER_CHUNK; l->n && i-- > first;)
        if (l->text[i]) {
            tg_buffer_release(&t->pool, l->text[i]);
            l->text[i] = NULL;
            l->n--;
        }
}

void tg_labels_drop(tg_tape *t, uint32_t count)
{
    if (t->last_label <= count)
        return;
    const uint32_t lowest = (count + 1) >> TG_NODE_CHUNK_BITS;
    for (uint32_t c = t->last_label >> TG_NODE_CHUNK_BITS; c + 1 > lowest; c--)
        if (t->labels[c])
            drop_from(t, t->labels[c], c == lowest ? (count + 1) & (TG_NODES_PER_CHUNK - 1) : 0);
    t->last_label = count;
}

void tg_labels_finish(tg_tape *t)
{
    for (uint32_t c = 0; c < t->n_label_chunks; c++)
        tg_heap_free(&t->heap, t->labels[c], sizeof *t->labels[c]);
    tg_heap_free(&t->heap, t->labels, t->label_capacity * sizeof *t->labels);
}

/* A place for the name of node `id`; NULL out of memory. */
static char **make_place(tg_tape *t, uint32_t id)
{
    const uint32_t chunk = id >> TG_NODE_CHUNK_BITS;
    void *labels = t->labels;
    const bool has_space = tg_heap_grow(&t->heap, &labels, &t->label_capacity, chunk + 1, sizeof *t->labels);
    t->labels = labels;
    if (!has_space)
        return NULL;
    while (t->n_label_chunks <= chunk)
        t->labels[t->n_label_chunks++] = NULL;
    if (!t->labels[chunk]) {
        if (!(t->labels[chunk] = tg_heap_alloc(&t->heap, sizeof *t->labels[chunk])))
            return NULL;
        *t->labels[chunk] = (tg_labels){ 0 };
    }
    t->last_label = t->last_label > id ? t->last_label : id;
    return place_of(t, id);
}

bool tg_label_put(tg_tape *t, uint32_t id, char *text)
{
    char **place = make_place(t, id);
    if (!place)
        return false;
    if (*place)
        tg_buffer_release(&t->pool, *place);
    else
        t->labels[id >> TG_NODE_CHUNK_BITS]->n++;
    *place = text;
    t->deferred_own_resources |= t->mode == TG_DEFERRING;
    return true;
}
