/* lookup.h - from a tensor to its node, or to an error. */
#ifndef TG_LOOKUP_H
#define TG_LOOKUP_H

#include "core/node.h"

/* The node of x; NULL, with an error of `what` raised, for a stale handle or where the tape is not open; NULL for the
   null tensor. */
tg_node *tg_node_of(tg_tensor x, const char *what);

/* The same; a deferred node is evaluated first. */
tg_node *tg_node_with_value(tg_tensor x, const char *what);

#endif
