/* optimizer.h - what the file of an optimizer includes, and how to add one.

   To add an optimizer:
   1. include/tapegrad/optim.h: its formula and source, tg_NAME_config (lr first), the prototype of tg_NAME_create.
   2. src/nn/NAME.c, modelled on sgd.c: the loop UPDATE(NAME), the ranges and defaults of the config's fields, the
      tg_optimizer_kind, and tg_NAME_create, which calls tg_optimizer_create.
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

/* Calls update_at(u, numbers, i, end) of the file for each vector of the n elements. Both pointers are to copies in the
   caller: the compiler then sees that no store into an array changes them. */
#define UPDATE_VECTORS(u, numbers, n)                                                                                \
    do {                                                                                                             \
        int64_t at = 0;                                                                                              \
        for (; at + VL <= (n); at += VL)                                                                             \
            update_at(u, numbers, at, at + VL);                                                                      \
        if (at < (n))                                                                                                \
            update_at(u, numbers, at, n);                                                                            \
    } while (0)

#else

/* A field of a config. A number: 0 stands for its default, TG_ZERO for zero; lo <= value < hi. */
typedef struct tg_setting {
    const char *name;
    size_t offset; /* in the config */
    double preset, lo, hi;
    bool is_normal; /* not below the smallest normal number of the set's dtype */
    bool is_flag;   /* a bool, and none of the above */
} tg_setting;
#define TG_NUMBER(type, field, ...)                                                                                  \
    {                                                                                                                \
        .name = #field, .offset = offsetof(type, field), __VA_ARGS__                                                 \
    }
#define TG_FLAG(type, field) TG_NUMBER(type, field, .is_flag = true)

/* The bound of rates keeps products of two of them finite in float32, so that padding stays zero. */
#define TG_RATE_LIMIT        1e18

/* What distinguishes one optimizer from the others. Files of its state contain these names. */
typedef struct tg_optimizer_kind {
    const char *name; /* "sgd": its function is tg_sgd_create */
    enum tg_update_index update;
    double usual_lr;
    size_t config_bytes;        /* of the config, whose first field is lr, */
    size_t weight_decay;        /* and the offset of this field */
    const tg_setting *settings; /* all fields but lr */
    int n_settings;
    const char *states[TG_UPDATE_STATES];        /* the names of its arrays of the set's size */
    bool (*uses)(const void *config, int state); /* NULL: it has all that are named */
    tg_status (*check)(const void *config, const char *what, tg_error *err); /* of fields together; NULL: no check */
} tg_optimizer_kind;
#define TG_SETTINGS(array)   .settings = (array), .n_settings = sizeof(array) / sizeof *(array)

struct tg_optimizer {
    const tg_optimizer_kind *kind;
    tg_params *params;
    void *config;                  /* a copy, defaults filled in; its lr is the first one */
    double lr;                     /* of the next step */
    void *state[TG_UPDATE_STATES]; /* laid out as the set's flat buffers; NULL where not used */
    int64_t *steps;                /* of each parameter */
    int64_t total;
    tg_error error;
};

/* The optimizer, or NULL and *err: a NULL set, an lr that is 0 or out of range, another field out of range, no memory.
   The config may be NULL. */
tg_optimizer *tg_optimizer_create(const tg_optimizer_kind *kind, tg_params *params, const void *config,
                                  tg_error *err);

/* A setting of a filled config as a number: 0 or 1 for a flag. */
double tg_setting_value(const tg_setting *setting, const void *config);
void tg_setting_set(const tg_setting *setting, void *config, double value);

/* Whether all settings of a filled config, and a rate, are in range; `what` begins the sentence. */
tg_status tg_settings_check(const tg_optimizer_kind *kind, const void *config, tg_dtype dtype, const char *what,
                            tg_error *err);
tg_status tg_rate_check(double lr, const char *what, tg_error *err);

/* Whether an optimizer with this config has the array `state`. */
bool tg_optimizer_uses(const tg_optimizer_kind *kind, const void *config, int state);

#endif
#endif
