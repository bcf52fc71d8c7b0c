/* optim.h - optimizers and learning-rate schedules: formulas, defaults, order of operations. */
#ifndef TAPEGRAD_OPTIM_H
#define TAPEGRAD_OPTIM_H

#include "params.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An optimizer changes the values of one parameter set from its gradients. The set must outlive it; its state is as
   large as the set's values, once with momentum, twice with Adam, and comes from the set's allocator. */
typedef struct tg_optimizer tg_optimizer;

/* Below, w is a value, g its gradient, t counts the parameter's steps from 1. Formulas and their order are those of
   PyTorch (torch.optim.SGD, Adam, AdamW), one state for each element, all in the set's dtype. Weight decay leaves
   parameters with TG_PARAM_NO_DECAY alone; those with TG_PARAM_FROZEN are not touched at all. */

/* Stochastic gradient descent (Robbins, Monro 1951) with momentum (Polyak 1964) or Nesterov's (Sutskever, Martens,
   Dahl, Hinton 2013: On the importance of initialization and momentum in deep learning):
       g <- g + weight_decay w
       v <- momentum v + (1 - dampening) g,  at t = 1  v <- g         (only with momentum)
       g <- v,  with nesterov  g + momentum v                         (only with momentum)
       w <- w - lr g */
typedef struct tg_sgd_config {
    double lr;           /* must be set (0.01 is usual; TG_ZERO: zero);  0 <= lr < 1e18 */
    double momentum;     /* 0;     0 <= momentum < 1 */
    double dampening;    /* 0;     0 <= dampening < 1 */
    double weight_decay; /* 0;     0 <= weight_decay < 1e18 */
    bool nesterov;       /* needs momentum, and no dampening */
} tg_sgd_config;

/* Adam (Kingma, Ba 2015: Adam: a method for stochastic optimization) and AdamW (Loshchilov, Hutter 2019: Decoupled
   weight decay regularization):
       Adam:   g <- g + weight_decay w         AdamW:  w <- w - lr weight_decay w
       m <- beta1 m + (1 - beta1) g
       v <- beta2 v + (1 - beta2) g^2
       w <- w - lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + eps) */
typedef struct tg_adam_config {
    double lr;           /* must be set (0.001 is usual; TG_ZERO: zero);  0 <= lr < 1e18 */
    double beta1;        /* 0.9 (TG_ZERO: zero);    0 <= beta1 < 1 */
    double beta2;        /* 0.999 (TG_ZERO: zero);  0 <= beta2 < 1 */
    double eps;          /* 1e-8;  positive, and normal in the set's dtype */
    double weight_decay; /* 0 for Adam, 0.01 for AdamW (TG_ZERO: zero);  0 <= weight_decay < 1e18 */
} tg_adam_config;

/* An optimizer, or NULL and *err, which names the field. A NULL config has the usual lr and the defaults. */
TG_API tg_optimizer *tg_sgd_create(tg_params *params, const tg_sgd_config *config, tg_error *err);
TG_API tg_optimizer *tg_adam_create(tg_params *params, const tg_adam_config *config, tg_error *err);
TG_API tg_optimizer *tg_adamw_create(tg_params *params, const tg_adam_config *config, tg_error *err);

/* Frees the optimizer, not the set. Takes NULL. */
TG_API void tg_optimizer_destroy(tg_optimizer *optimizer);

/* One step: changes the values, raises the set's version, keeps the gradients (tg_params_zero_grad unsets them). A
   gradient that is unset while others are set counts as zeros. TG_ERR_STATE, and nothing changed, if no gradient is
   set or if the last backward failed. */
TG_API tg_status tg_optimizer_step(tg_optimizer *optimizer);

/* What the last call of this optimizer came to, as a sentence; "" if it succeeded. Owned by the optimizer. */
TG_API const char *tg_optimizer_message(const tg_optimizer *optimizer);

/* The learning rate of the next step. set_lr refuses what is not in the config's range (TG_ERR_ARGUMENT); 0 is 0 here. */
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

/* Steps may be batches or epochs, as the caller counts. */
typedef struct tg_schedule {
    tg_schedule_kind kind; /* TG_SCHEDULE_CONSTANT */
    double lr;             /* 0: the rate at t = 0 */
    int64_t warmup;        /* 0: in the first `warmup` steps the rate is lr (step + 1) / warmup, then t counts from 0
                              (Goyal and others 2017: Accurate, large minibatch SGD) */
    int64_t period;        /* 1 */
    double factor;         /* 0.1 for STEP, 0.95 for EXPONENTIAL; TG_ZERO: zero */
    double floor;          /* 0 */
} tg_schedule;

/* The learning rate of step 0, 1, 2, ...: tg_optimizer_set_lr(opt, tg_schedule_lr(&s, step)). NaN, which set_lr
   refuses, for NULL, an unknown kind, a negative step, and a field that is negative or not finite. */
TG_API double tg_schedule_lr(const tg_schedule *schedule, int64_t step);

#ifdef __cplusplus
}
#endif
#endif
