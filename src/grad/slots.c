/* slots.c - the slots of a reverse pass: memory for them, and emptying them. */
#include "grad/slots.h"

#include <string.h>

#include "core/error.h"

/* Allocates blocks of slots until there are `n` chunks. */
static bool grow(tg_tape *t, uint32_t n)
{
    while (t->n_slot_chunks < n) {
        const uint32_t chunks = tg_block_chunks(t->n_slot_chunks);
        void *directory = t->slots;
        const bool has_space =
            tg_heap_grow(&t->heap, &directory, &t->slot_chunk_capacity, t->n_slot_chunks + chunks, sizeof(tg_slot *));
        t->slots = directory;
        tg_slot *slots = has_space ? tg_heap_alloc(&t->heap, chunks * TG_NODES_PER_CHUNK * sizeof *slots) : NULL;
        if (!slots)
            return false;
        for (uint32_t i = 0; i < chunks; i++)
            t->slots[t->n_slot_chunks++] = slots + i * TG_NODES_PER_CHUNK;
    }
    return true;
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
