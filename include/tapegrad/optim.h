/* optim.h - optimizers and learning-rate schedules: formulas, defaults, order of operations. */
#ifndef TAPEGRAD_OPTIM_H
#define TAPEGRAD_OPTIM_H

#include "params.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An optimizer changes the values of one parameter set by its gradients. The set must outlive it. Its state comes from the
   set's allocator; it is as large as the set's values for each of the arrays v, m and b of the formulas below. io.h saves
   and loads it. */
typedef struct tg_optimizer tg_optimizer;

/* Below, w is a value, g its gradient, and t counts the parameter's steps from 1. The formulas, and the order of their
   operations, are those of PyTorch (torch.optim.SGD, Adam, AdamW, RMSprop, Adagrad); each element has a state of its own; all is computed in
   the set's dtype. Weight decay is not applied to parameters with TG_PARAM_NO_DECAY. A step changes neither value nor
   state nor t of a parameter with TG_PARAM_FROZEN, or of one whose gradient is unset. A gradient of zeros is a gradient
   like any other.

   In the configs, 0 in a number counts as left out. Each comment says what 0 means; where that is not zero and zero makes
   sense, TG_ZERO means zero. A number out of its range is TG_ERR_ARGUMENT. */

/* Stochastic gradient descent (Robbins, Monro 1951) with momentum (Polyak 1964) or Nesterov's (Sutskever, Martens,
   Dahl, Hinton 2013: On the importance of initialization and momentum in deep learning):
       g <- g + weight_decay w
       v <- momentum v + (1 - dampening) g,  at t = 1  v <- g         (only with momentum)
       g <- v,  with nesterov  g + momentum v                         (only with momentum)
       w <- w - lr g */
typedef struct tg_sgd_config {
    double lr;           /* 0 <= lr < 1e18. 0: refused, since it must be set (0.01 is usual). TG_ZERO: zero */
    double momentum;     /* 0 <= momentum < 1. 0: none */
    double dampening;    /* 0 <= dampening < 1. 0: none */
    double weight_decay; /* 0 <= weight_decay < 1e18. 0: none */
    bool nesterov;       /* needs a momentum above 0, and a dampening of 0 */
} tg_sgd_config;

/* Adam (Kingma, Ba 2015: Adam: a method for stochastic optimization) and AdamW (Loshchilov, Hutter 2019: Decoupled
   weight decay regularization):
       Adam:   g <- g + weight_decay w         AdamW:  w <- w - lr weight_decay w
       m <- beta1 m + (1 - beta1) g
       v <- beta2 v + (1 - beta2) g^2
       w <- w - lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + eps) */
typedef struct tg_adam_config {
    double lr;           /* 0 <= lr < 1e18. 0: refused, since it must be set (0.001 is usual). TG_ZERO: zero */
    double beta1;        /* 0 <= beta1 < 1. 0: 0.9. TG_ZERO: zero */
    double beta2;        /* 0 <= beta2 < 1. 0: 0.999. TG_ZERO: zero */
    double eps;          /* > 0, and a normal number of the set's dtype. 0: 1e-8. TG_ZERO: refused */
    double weight_decay; /* 0 <= weight_decay < 1e18. 0: none in Adam, 0.01 in AdamW. TG_ZERO: none */
} tg_adam_config;

/* RMSprop (Tieleman, Hinton 2012: Lecture 6.5 of Neural networks for machine learning), centered (Graves 2013: Generating
   sequences with recurrent neural networks, eq. 38 to 45):
       g <- g + weight_decay w
       v <- alpha v + (1 - alpha) g^2
       m <- alpha m + (1 - alpha) g                                   (only if centered)
       s <- g / (sqrt(v) + eps),  centered  g / (sqrt(max(v - m^2, 0)) + eps)
       b <- momentum b + s,  s <- b                                   (only with momentum)
       w <- w - lr s
   v - m^2 is negative only by rounding, where torch.optim.RMSprop computes a NaN. */
typedef struct tg_rmsprop_config {
    double lr;           /* 0 <= lr < 1e18. 0: refused, since it must be set (0.01 is usual). TG_ZERO: zero */
    double alpha;        /* 0 <= alpha < 1. 0: 0.99. TG_ZERO: zero */
    double eps;          /* > 0, and a normal number of the set's dtype. 0: 1e-8. TG_ZERO: refused */
    double momentum;     /* 0 <= momentum < 1. 0: none */
    double weight_decay; /* 0 <= weight_decay < 1e18. 0: none */
    bool centered;
} tg_rmsprop_config;

/* Adagrad (Duchi, Hazan, Singer 2011: Adaptive subgradient methods for online learning and stochastic optimization):
       g <- g + weight_decay w
       v <- v + g^2,  at t = 1  v <- initial + g^2
       w <- w - lr / (1 + (t - 1) lr_decay) g / (sqrt(v) + eps) */
typedef struct tg_adagrad_config {
    double lr;           /* 0 <= lr < 1e18. 0: refused, since it must be set (0.01 is usual). TG_ZERO: zero */
    double lr_decay;     /* 0 <= lr_decay < 1e18. 0: none */
    double initial;      /* 0 <= initial < 1e18, PyTorch's initial_accumulator_value. 0: zero */
    double eps;          /* > 0, and a normal number of the set's dtype. 0: 1e-10. TG_ZERO: refused */
    double weight_decay; /* 0 <= weight_decay < 1e18. 0: none */
} tg_adagrad_config;

/* An optimizer, or NULL and *err, which names the field. A NULL config has the usual lr and the defaults. */
TG_API tg_optimizer *tg_sgd_create(tg_params *params, const tg_sgd_config *config, tg_error *err);
TG_API tg_optimizer *tg_adam_create(tg_params *params, const tg_adam_config *config, tg_error *err);
TG_API tg_optimizer *tg_adamw_create(tg_params *params, const tg_adam_config *config, tg_error *err);
TG_API tg_optimizer *tg_rmsprop_create(tg_params *params, const tg_rmsprop_config *config, tg_error *err);
TG_API tg_optimizer *tg_adagrad_create(tg_params *params, const tg_adagrad_config *config, tg_error *err);

/* Frees the optimizer, not the set. Takes NULL. */
TG_API void tg_optimizer_destroy(tg_optimizer *optimizer);

/* One step: changes the values, raises the set's version, keeps the gradients (tg_params_zero_grad unsets them). A
   parameter whose gradient is unset is not changed. If no gradient is set, or if the last backward failed, the step is
   TG_ERR_STATE and changes nothing. */
TG_API tg_status tg_optimizer_step(tg_optimizer *optimizer);

/* The error of the last call of this optimizer, as a sentence; "" if it succeeded. Owned by the optimizer. */
TG_API const char *tg_optimizer_message(const tg_optimizer *optimizer);

/* The learning rate of the next step. tg_optimizer_set_lr has the config's range (TG_ERR_ARGUMENT), but 0 means zero. */
TG_API double tg_optimizer_lr(const tg_optimizer *optimizer);
TG_API tg_status tg_optimizer_set_lr(tg_optimizer *optimizer, double lr);

/* The number of steps made. 0 for NULL. */
TG_API int64_t tg_optimizer_steps(const tg_optimizer *optimizer);

/* Schedules ------------------------------------------------------------------------------------------------------- */

typedef enum tg_schedule_kind {
    TG_SCHEDULE_CONSTANT = 0, /* lr */
    TG_SCHEDULE_STEP,         /* lr factor^floor(t / period) */
    TG_SCHEDULE_EXPONENTIAL,  /* lr factor^(t / period) */
    TG_SCHEDULE_COSINE        /* floor + (lr - floor) (1 + cos(pi min(t / period, 1))) / 2
                                 (Loshchilov, Hutter 2017: SGDR, eq. 5, without restarts) */
} tg_schedule_kind;

/* A step may be a batch or an epoch: the caller counts them. Where steps are batches, a decay of 0.95 after each epoch,
   either at once or in equal parts at every step, is

       { .kind = TG_SCHEDULE_STEP,        .lr = 1e-4, .factor = 0.95, .period = tg_batches_count(batches) }
       { .kind = TG_SCHEDULE_EXPONENTIAL, .lr = 1e-4, .factor = 0.95, .period = tg_batches_count(batches) }

   Where steps are epochs, a period of 1 serves both; a decay of 0.999 at every step is EXPONENTIAL with period 1. */
typedef struct tg_schedule {
    tg_schedule_kind kind; /* TG_SCHEDULE_CONSTANT */
    double lr;             /* >= 0, the rate at t = 0. 0: zero */
    int64_t warmup; /* >= 0. In the first `warmup` steps the rate is lr (step + 1) / warmup, then t counts from 0
                       (Goyal and others 2017: Accurate, large minibatch SGD). 0: none */
    int64_t period; /* >= 1. 0: 1 */
    double factor;  /* >= 0; above 1 the rate grows. 0: 0.1 for STEP, 0.95 for EXPONENTIAL. TG_ZERO: zero */
    double floor;   /* >= 0. 0: zero */
} tg_schedule;

/* The learning rate of step 0, 1, 2, ...: tg_optimizer_set_lr(opt, tg_schedule_lr(&s, step)). NaN for NULL, an unknown
   kind, a negative step, and a field that is negative or not finite; tg_optimizer_set_lr refuses NaN with a sentence. */
TG_API double tg_schedule_lr(const tg_schedule *schedule, int64_t step);

#ifdef __cplusplus
}
#endif
#endif
