/* label.h - the names that users gave to tensors, by node. */
#ifndef TG_LABEL_H
#define TG_LABEL_H

#include "core/tape.h"

/* The names of a chunk of nodes. The texts are buffers of the tape's pool, not of the arena: a rewind may keep the tensor,
   but not what the arena has allocated since the mark. */
typedef struct tg_labels {
    char *text[TG_NODES_PER_CHUNK]; /* NULL: no name */
    uint32_t n;                     /* names in this chunk */
} tg_labels;

/* The name of node `id`, or of its parameter; NULL where there is none. */
const char *tg_label_of(const tg_tape *tape, uint32_t id);

/* Names node `id`, replacing an older name. The label owns `text`, a buffer of the pool, from then on. False out of
   memory: the text is still the caller's. */
bool tg_label_put(tg_tape *tape, uint32_t id, char *text);

/* Drops the names of the nodes above `count`. */
void tg_labels_drop(tg_tape *tape, uint32_t count);

/* Frees the chunks, once no name is left. */
void tg_labels_finish(tg_tape *tape);

#endif
