/* registry.h - the operations by their C names, from ops.list. */
#ifndef TG_REGISTRY_H
#define TG_REGISTRY_H

#include "tapegrad/op.h"

#define OP(file, name)   extern const tg_op tg_op_##name;
#define LOOP(file, name) extern const tg_op tg_op_##name;
#include "ops/ops.list"
#undef OP
#undef LOOP

#endif
