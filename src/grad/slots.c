/* slots.c - the slots of a reverse pass: memory for them, and emptying them. */
#include "grad/slots.h"

#include <string.h>

#include "core/error.h"

/* Allocates chunks of slots until there are `n`. */
static bool grow(tg_tape *t, uint32_t n)
{
    void *directory = t->slots;
    const bool has_directory = tg_heap_grow(&t->heap, &directory, &t->slot_chunk_capacity, n, sizeof(tg_slot *));
    t->slots = directory;
    while (has_directory && t->n_slot_chunks < n) {
        tg_slot *slots = tg_heap_alloc(&t->heap, TG_NODES_PER_CHUNK * sizeof *slots);
        if (!slots)
            return false;
        t->slots[t->n_slot_chunks++] = slots;
    }
    return has_directory;
}

bool tg_slots_make(tg_tape *t, uint32_t last, const char *what)
{
    const uint32_t chunks = (last >> TG_NODE_CHUNK_BITS) + 1;
    if (!grow(t, chunks)) {
        tg_tape_raise(t, TG_ERR_MEMORY, "%s: no memory for the gradients of %u tensors", what, last);
        return false;
    }
    for (uint32_t c = 0; c < chunks; c++) {
        const uint32_t used = c + 1 < chunks ? TG_NODES_PER_CHUNK : (last & (TG_NODES_PER_CHUNK - 1)) + 1;
        memset(t->slots[c], 0, used * sizeof(tg_slot));
    }
    return true;
}

void tg_slots_clear(tg_tape *t, uint32_t last)
{
    for (uint32_t id = 1; id <= last; id++)
        if (tg_slot_at(t, id)->kind != TG_SLOT_EMPTY)
            tg_slot_clear(t, tg_slot_at(t, id));
}
