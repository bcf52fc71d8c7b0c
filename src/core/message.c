/* message.c - how tensors and operations are written in messages. */
#include "core/message.h"

#include <string.h>

#include "core/format.h"
#include "core/label.h"
#include "core/lookup.h"

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

/* Whether x is a valid input of the new node, which is the tape's last. */
static bool is_input(const tg_tape *t, tg_tensor x)
{
    return tg_node_find(t, x) && x.id < t->count;
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

/* The node whose vjp made node `id`; 0 if none did. */
static uint32_t vjp_of(const tg_tape *t, uint32_t id)
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

/* The id of a node, from the chunk that it is in. */
static uint32_t id_of(const tg_tape *t, const tg_node *n)
{
    for (uint32_t c = 0; c < t->n_chunks; c++) {
        const uintptr_t at = (uintptr_t)n - (uintptr_t)t->nodes[c];
        if (at < TG_NODES_PER_CHUNK * sizeof *n)
            return c << TG_NODE_CHUNK_BITS | (uint32_t)(at / sizeof *n);
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

/* An input of node `id` that was computed from a tensor with a name, where the node and its inputs have none; or 0. */
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

/* Writes an application and, so that the message for an activation names its layer, the origin of its input:
   `relu: [2, 3] from linear: [2, 4] x "layer0.weight" [4, 3]: `. */
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

size_t tg_context_text(const tg_tape *t, char *text, size_t size)
{
    enum { MOST = 3 }; /* the operation that was called, and the innermost ones */
    uint32_t chain[MOST], depth = 0;
    for (uint32_t id = id_of(t, t->in_vjp); id; id = vjp_of(t, id)) {
        depth -= depth == MOST;
        chain[depth++] = id;
    }
    size_t n = 0;
    while (depth-- > 0) {
        n += tg_format(text + n, size - n, "in the reverse pass of ");
        const size_t most = size - n < size / MOST ? size - n : size / MOST;
        n += traced_text(t, chain[depth], text + n, most);
    }
    return n;
}
