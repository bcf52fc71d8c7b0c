/* message.h - how tensors and operations are written in messages. */
#ifndef TG_MESSAGE_H
#define TG_MESSAGE_H

#include "core/tape.h"

/* Writes tensor `id`: `"hidden" [64, 784]`. Returns the bytes written. */
size_t tg_tensor_text(const tg_tape *tape, uint32_t id, char *text, size_t size);

/* Writes an operation and its inputs: `matmul: "hidden" [64, 784] x [300, 10]: `. If its result, tensor `id` (0: none),
   has a name, this follows the operation: `matmul "logits": ...`. Returns the bytes written. */
size_t tg_application_text(const tg_tape *tape, const tg_node *node, uint32_t id, char *text, size_t size);

/* Writes an operation and handles that may be null, stale or of another tape, in place of its inputs; only the operation if
   no valid one has a name. Returns the bytes written. */
size_t tg_handles_text(const tg_tape *tape, const tg_op *op, const tg_tensor *inputs, int n, char *text, size_t size);

/* Writes the beginning of a message that is raised while a vjp runs: `in the reverse pass of log: "p" [2]: `. If the node
   was itself made by a vjp, the operation whose vjp it was comes first. Returns the bytes written. */
size_t tg_context_text(const tg_tape *tape, char *text, size_t size);

#endif
