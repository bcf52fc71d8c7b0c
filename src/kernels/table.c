/* table.c - one table of loops; compiled once for each instruction set and dtype. */
#include "kernels/arrays.h"
#include "kernels/gemm.h"
#include "kernels/map.h"
#include "nn/optimizer.h"
#include "ops/index.h"

#define OP(file, name)
#define LOOP(file, name) tg_loop_fn TG_LOOP_SYMBOL(name);
#include "ops/ops.list"
#undef OP
#undef LOOP

static tg_loop_fn *const loops[TG_INDEX_COUNT] = {
#define OP(file, name)
#define LOOP(file, name) [TG_INDEX_##name] = TG_LOOP_SYMBOL(name),
#include "ops/ops.list"
#undef OP
#undef LOOP
};

#define OPTIMIZER(file, name) tg_update_fn TG_UPDATE_SYMBOL(name);
#include "nn/optimizers.list"
#undef OPTIMIZER

static tg_update_fn *const updates[TG_UPDATE_COUNT] = {
#define OPTIMIZER(file, name) [TG_UPDATE_##name] = TG_UPDATE_SYMBOL(name),
#include "nn/optimizers.list"
#undef OPTIMIZER
};

extern const tg_kernels TG_PASTE(tg_kernels_, TG_TABLE);
const tg_kernels TG_PASTE(tg_kernels_, TG_TABLE) = {
    .name = TG_TEXT(TG_SET),
    .loop = loops,
    .gemm = TG_PASTE(tg_gemm_, TG_TABLE),
    .gemm_rows = TILE_ROWS,
    .gemm_columns = TILE_VECS * VL,
    .copy_a = TG_PASTE(tg_copy_a_, TG_TABLE),
    .copy_b = TG_PASTE(tg_copy_b_, TG_TABLE),
    .multiply = TG_PASTE(tg_multiply_, TG_TABLE),
    .copy_by_columns = COPY_BY_COLUMNS,
    .copy_by_rows = COPY_BY_ROWS,
    .copy_depth = COPY_DEPTH,
    .add = add,
    .add_wide = add_wide,
    .scale = scale,
    .sum_squares = sum_squares,
    .all_finite = all_finite,
    .update = updates,
};
