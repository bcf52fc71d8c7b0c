/* optimizer.h - what the file of an optimizer includes, and how to add one.

   To add an optimizer:
   1. include/tapegrad/optim.h: its formula and source, tg_NAME_config (lr first), the prototype of tg_NAME_create.
   2. src/nn/NAME.c, modelled on sgd.c: the loop UPDATE(NAME), the ranges and defaults of the config's fields, and
      tg_NAME_create, which calls tg_optimizer_create.
   3. src/nn/optimizers.list: OPTIMIZER(NAME, NAME). The build takes the file from there.
   4. tests/nn/test_optim.c and test_optim_refusals.c: the formula against plain C, and the ranges;
      tests/refusals/params.c: a row for tg_NAME_create, without which the build fails.

   Like the file of an operation, that of an optimizer is compiled twice over: once as it is, and, with TG_VECTOR_PASS,
   once for each instruction set and dtype for its loop, which is written in the vocabulary of kernels/vec.h. */
#ifndef TG_OPTIMIZER_H
#define TG_OPTIMIZER_H

#include <stddef.h>

#include "kernels/kernels.h"
#include "tapegrad/optim.h"

enum tg_update_index {
#define OPTIMIZER(file, name) TG_UPDATE_##name,
#include "nn/optimizers.list"
#undef OPTIMIZER
    TG_UPDATE_COUNT
};

#ifdef TG_VECTOR_PASS
#include "kernels/vec.h"

/* UPDATE(name) { ... } is the loop: one step of n elements, as `u` says. */
#define TG_UPDATE_SYMBOL(name) TG_PASTE(tg_update_##name##_, TG_TABLE)
#define UPDATE(name)                                                                                                 \
    tg_update_fn TG_UPDATE_SYMBOL(name);                                                                             \
    void TG_UPDATE_SYMBOL(name)(int64_t n, const tg_update *u)

#else

/* A number of a config: 0 stands for its default, TG_ZERO for zero; lo <= value < hi. */
typedef struct tg_number {
    const char *name;
    size_t offset; /* in the config */
    double preset, lo, hi;
} tg_number;
#define TG_NUMBER(type, field, ...)                                                                                  \
    {                                                                                                                \
        .name = #field, .offset = offsetof(type, field), __VA_ARGS__                                                 \
    }

/* The bound of rates keeps products of two of them finite in float32, so that padding stays zero. */
#define TG_RATE_LIMIT 1e18

/* Fills in the defaults of `count` numbers of a config and checks their ranges; `what` begins the sentence. */
tg_status tg_numbers_fill(void *config, const tg_number *numbers, int count, const char *what, tg_error *err);

typedef struct tg_optimizer_spec {
    const char *what; /* begins the sentences: "sgd_create" */
    enum tg_update_index update;
    int n_states;       /* arrays of the set's size */
    const void *config; /* filled; copied */
    size_t config_bytes;
    double lr, usual_lr; /* lr as the caller set it */
    double weight_decay;
} tg_optimizer_spec;

/* The optimizer, or NULL and *err: a NULL set, an lr that is 0 or out of range, no memory. */
tg_optimizer *tg_optimizer_create(const tg_optimizer_spec *spec, tg_params *params, tg_error *err);

#endif
#endif
