/* name.c - the names of tensors: kept by node, found for messages, prints and visits. */
#include <string.h>

#include "core/format.h"
#include "core/tape.h"

/* Where the name of node `id` is kept; NULL where no node of its chunk has one. */
static char **place_of(const tg_tape *t, uint32_t id)
{
    tg_labels *l = id <= t->last_label ? t->labels[id >> TG_NODES_BITS] : NULL;
    return l ? &l->text[id & (TG_NODES - 1)] : NULL;
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
    for (uint32_t i = TG_NODES; l->n && i-- > first;)
        if (l->text[i]) {
            tg_store_drop(&t->store, l->text[i]);
            l->text[i] = NULL;
            l->n--;
        }
}

void tg_labels_drop(tg_tape *t, uint32_t count)
{
    if (t->last_label <= count)
        return;
    for (uint32_t c = t->last_label >> TG_NODES_BITS, lowest = (count + 1) >> TG_NODES_BITS; c + 1 > lowest; c--)
        if (t->labels[c])
            drop_from(t, t->labels[c], c == lowest ? (count + 1) & (TG_NODES - 1) : 0);
    t->last_label = count;
}

void tg_labels_finish(tg_tape *t)
{
    for (uint32_t c = 0; c < t->n_label_chunks; c++)
        tg_heap_free(&t->heap, t->labels[c], sizeof *t->labels[c]);
    tg_heap_free(&t->heap, t->labels, t->label_capacity * sizeof *t->labels);
}

/* A copy of the name; NULL, with the error raised, out of memory. */
static char *copy(tg_tape *t, const char *name)
{
    const size_t bytes = strlen(name) + 1;
    char *text = tg_store_take(&t->store, &t->heap, bytes);
    if (!text)
        tg_tape_raise(t, TG_ERR_MEMORY, "name: no memory for a name of %zu bytes", bytes);
    return text ? memcpy(text, name, bytes) : NULL;
}

/* A place for the name of node `id`; NULL out of memory. */
static char **make_place(tg_tape *t, uint32_t id)
{
    const uint32_t chunk = id >> TG_NODES_BITS;
    void *labels = t->labels;
    const bool good = tg_heap_grow(&t->heap, &labels, &t->label_capacity, chunk + 1, sizeof *t->labels);
    t->labels = labels;
    while (good && t->n_label_chunks <= chunk)
        t->labels[t->n_label_chunks++] = NULL;
    if (good && !t->labels[chunk] && (t->labels[chunk] = tg_heap_alloc(&t->heap, sizeof *t->labels[chunk])))
        *t->labels[chunk] = (tg_labels){ 0 };
    if (!good || !t->labels[chunk])
        return NULL;
    t->last_label = t->last_label > id ? t->last_label : id;
    return place_of(t, id);
}

/* Makes the text the name of node `id`, in the place of an older one. */
static bool put(tg_tape *t, uint32_t id, char *text)
{
    char **place = make_place(t, id);
    if (!place)
        return false;
    if (*place)
        tg_store_drop(&t->store, *place);
    else
        t->labels[id >> TG_NODES_BITS]->n++;
    *place = text;
    t->notes_hold |= t->mode == TG_NOTING;
    return true;
}

tg_tensor tg_name(tg_tensor x, const char *name)
{
    tg_tape *t = x.tape;
    if (!tg_node_of(x, "name"))
        return tg_bad(t);
    if (!name) {
        tg_tape_raise(t, TG_ERR_ARGUMENT, "name: the name is NULL");
        return tg_bad(t);
    }
    char *text = copy(t, name);
    if (text && put(t, x.id, text))
        return x;
    if (text) {
        tg_store_drop(&t->store, text);
        tg_tape_raise(t, TG_ERR_MEMORY, "name: no memory for the name of tensor number %u", x.id);
    }
    return tg_bad(t);
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

/* The new node, which is the tape's last, is not among the inputs. */
static bool is_input(const tg_tape *t, tg_tensor x)
{
    return tg_node_if(t, x) && x.id < t->count;
}

size_t tg_handles_text(const tg_tape *t, const tg_op *op, const tg_tensor *inputs, int n, char *text, size_t size)
{
    bool has_name = false;
    for (int i = 0; i < n; i++)
        has_name = has_name || (is_input(t, inputs[i]) && tg_label_of(t, inputs[i].id));
    size_t used = tg_format(text, size, "%.60s: ", op->name);
    for (int i = 0; has_name && i < n && used < MOST_OF_INPUTS; i++) {
        if (is_input(t, inputs[i]))
            used += tg_tensor_text(t, inputs[i].id, text + used, size - used);
        else
            used += tg_format(text + used, size - used, inputs[i].tape ? "?" : "none");
        used += tg_format(text + used, size - used, i + 1 == n ? ": " : used < MOST_OF_INPUTS ? " x " : " x ...: ");
    }
    return used;
}

bool tg_tape_note_made(tg_tape *t, uint32_t first, uint32_t of)
{
    void *made = t->made;
    const bool good = tg_heap_grow(&t->heap, &made, &t->made_capacity, t->n_made + 1, sizeof *t->made);
    t->made = made;
    if (good)
        t->made[t->n_made++] = (tg_made){ .first = first, .last = t->count, .of = of };
    else
        tg_tape_raise(t, TG_ERR_MEMORY, "grad: no memory to record what %u rules made", t->n_made + 1);
    return good;
}

/* Whose vjp made node `id`; 0 if none did. */
static uint32_t maker_of(const tg_tape *t, uint32_t id)
{
    uint32_t lo = 0, hi = t->n_made;
    while (lo < hi) {
        const uint32_t mid = lo + (hi - lo) / 2;
        if (t->made[mid].first <= id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo && id <= t->made[lo - 1].last ? t->made[lo - 1].of : 0;
}

/* A node's number: the chunk that it is in, and its place there. */
static uint32_t number_of(const tg_tape *t, const tg_node *n)
{
    for (uint32_t c = 0; c < t->n_chunks; c++) {
        const uintptr_t at = (uintptr_t)n - (uintptr_t)t->nodes[c];
        if (at < TG_NODES * sizeof *n)
            return c << TG_NODES_BITS | (uint32_t)(at / sizeof *n);
    }
    return 0;
}

static bool has_named_input(const tg_tape *t, const tg_node *node)
{
    for (int i = 0; i < node->n_inputs; i++)
        if (tg_node_inputs(node)[i] && tg_label_of(t, tg_node_inputs(node)[i]))
            return true;
    return false;
}

/* An input of node `id` that was computed from what has a name, where nothing else about the node has one; or 0. */
static uint32_t named_origin(const tg_tape *t, uint32_t id)
{
    const tg_node *node = tg_node_at(t, id);
    if (tg_label_of(t, id) || has_named_input(t, node))
        return 0;
    for (int i = 0; i < node->n_inputs; i++) {
        const uint32_t in = tg_node_inputs(node)[i];
        if (in && has_named_input(t, tg_node_at(t, in)))
            return in;
    }
    return 0;
}

/* An application and, so that an activation tells its layer, what its input came from: `relu: [2, 3] from linear: [2, 4] x
   "layer0.weight" [4, 3]: `. */
static size_t traced_text(const tg_tape *t, uint32_t id, char *text, size_t size)
{
    size_t n = tg_application_text(t, tg_node_at(t, id), id, text, size);
    const uint32_t origin = named_origin(t, id);
    if (!origin || n < 2)
        return n;
    n -= 2; /* the colon */
    n += tg_format(text + n, size - n, " from ");
    return n + tg_application_text(t, tg_node_at(t, origin), 0, text + n, size - n);
}

size_t tg_place_text(const tg_tape *t, char *text, size_t size)
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
        n += traced_text(t, chain[depth], text + n, room);
    }
    return n;
}

tg_status tg_tensor_fail(tg_tensor x, tg_status status, const char *what, const char *format, ...)
{
    char text[TG_TEXT];
    size_t n = tg_format(text, sizeof text, "%s: ", what);
    n += tg_tensor_text(x.tape, x.id, text + n, sizeof text - n);
    n += tg_format(text + n, sizeof text - n, ": ");
    va_list args;
    va_start(args, format);
    tg_format_v(text + n, sizeof text - n, format, args);
    va_end(args);
    return tg_tape_raise(x.tape, status, "%s", text);
}
