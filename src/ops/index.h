/* index.h - the operations numbered in the order of ops.list: the index of a kernel table's loops. */
#ifndef TG_OPS_INDEX_H
#define TG_OPS_INDEX_H

enum tg_op_index {
#define OP(file, name)   TG_INDEX_##name,
#define LOOP(file, name) TG_INDEX_##name,
#include "ops/ops.list"
#undef OP
#undef LOOP
    TG_INDEX_COUNT
};

#endif
