/* message.c - how tensors and operations are written in messages. */
#include "core/message.h"

#include <string.h>

#include "core/format.h"
#include "core/label.h"

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
        n += tg_application_text(t, tg_node_at(t, chain[depth]), chain[depth], text + n, most);
    }
    return n;
}
