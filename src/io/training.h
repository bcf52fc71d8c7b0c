/* training.h - the names in the file of a whole training. */
#ifndef TG_TRAINING_H
#define TG_TRAINING_H

#include "io/read.h"
#include "nn/optimizer.h"
#include "nn/params.h"

enum { TG_TRAINING_FORMAT = 1 };
#define TG_KEY_EPOCH     "tapegrad.epoch"
#define TG_KEY_BATCH     "tapegrad.batch"
#define TG_KEY_SEED      "tapegrad.rng.seed"
#define TG_KEY_POSITION  "tapegrad.rng.position"
#define TG_KEY_OPTIMIZER "tapegrad.optimizer"
#define TG_KEY_STEPS     "tapegrad.optimizer.steps"
#define TG_KEY_LR        "tapegrad.optimizer.lr"
#define TG_KEY_SETTING   "tapegrad.optimizer." /* and its name */
#define TG_STATE_STEPS   "steps"               /* an array of the state: a number for each parameter, F64 */

/* The index of the n-th array that the optimizer has, or -1. */
int tg_training_state(const tg_optimizer *optimizer, int n);

/* What a save and a load refuse. */
tg_status tg_training_check(const tg_training *training, const char *path, const char *what, tg_error *err);

#endif
