/* fit.h - the training loop of the example programs, and the record that it keeps. */
#ifndef FIT_H
#define FIT_H

#include <stdbool.h>
#include <stdint.h>
#include <tapegrad.h>

/* What was measured since the point before. Accuracies are shares of 1; what was not measured is NaN. */
typedef struct fit_point {
    int64_t epoch, steps, samples; /* of the last step: its epoch, counted from 1; steps and rows since the start */
    int64_t rows;                  /* trained on since the point before */
    double lr;                     /* of the last step */
    double loss, accuracy;         /* means over these rows, each measured in the step that it was trained on */
    double train_loss, train_accuracy;       /* of the whole training set, after the last step */
    double held_out_loss, held_out_accuracy; /* of the held-out set, after the last step */
    double seconds;                          /* of training, without the measuring, since the point before */
} fit_point;

/* The points of a run in their order, and how it ended. fit_record_finish frees it. */
typedef struct fit_record {
    fit_point *points;
    int64_t n, capacity;
    double steps_per_epoch;
    int64_t total;              /* rows to train on in all, if nothing stops the run early */
    double seconds;             /* of training, without the measuring */
    int64_t best;               /* the point whose parameters were kept, with keep_best; else the last */
    bool interrupted;           /* `watch` ended it */
    bool stopped;               /* `stopping` ended it */
    tg_tape_usage settled, end; /* the tape after the first point, and after the last */
} fit_record;

/* Fills the gradients of the network's parameters for one batch, and returns logits [n, classes] and loss. It replaces
   the tape where backpropagation is written by hand. */
typedef tg_status fit_gradient(void *context, const tg_batch *batch, double *logits, double *loss, tg_error *err);

/* Called after each step, with the point so far, and with `closed` when it is complete. Returning false ends the run. */
typedef bool fit_watch(void *context, const fit_record *record, const fit_point *now, bool closed);

/* Zero in any field means the default in its comment. The loss is the mean cross-entropy + l2 |W|^2. */
typedef struct fit_config {
    tg_mlp *net;
    const tg_dataset *train, *held_out; /* held_out NULL: none is measured */
    tg_optimizer *optimizer;
    tg_schedule schedule;      /* by steps; the optimizer's own rate if its lr is 0 */
    double l2;                 /* 0 */
    double clip;               /* 0: the gradient's norm is not bounded */
    int64_t batch;             /* 0: all rows at once */
    bool in_order;             /* false: a new order each epoch */
    const tg_augment *augment; /* NULL */
    uint64_t seed;             /* of the order and the augmentation */
    int64_t epochs;            /* 0: as many as `steps` need */
    int64_t steps;             /* 0: as many as `epochs` have; one of both is at least 1 */
    int64_t start;          /* steps made before, from which the run goes on: below `steps` or what `epochs` have */
    int64_t record_every;   /* steps from point to point; 0: an epoch */
    int64_t measure_every;  /* points from measure to measure; the last one is measured always; 0: 1 */
    bool measure_train;     /* whether the whole training set is measured, too */
    tg_stopping *stopping;  /* NULL; is given the held-out loss (`larger`: accuracy) of each measured point, or where
                              nothing is held out, that of the rows trained on */
    bool keep_best;         /* ends with the parameters of the measured point with the best held-out accuracy */
    fit_gradient *gradient; /* NULL: tg_backward */
    void *gradient_context;
    fit_watch *watch; /* NULL */
    void *watch_context;
} fit_config;

/* Trains. On failure false and *err, with the points until then in the record: a tape's message, no memory, or a loss
   that is no longer finite. */
bool fit_run(const fit_config *config, fit_record *record, tg_error *err);

void fit_record_finish(fit_record *record);

/* The loss of a batch: mean cross-entropy + l2 |W|^2. */
tg_tensor fit_loss(tg_mlp *net, tg_tensor logits, const int32_t *labels, double l2);

/* The loss and accuracy of a set, and, unless it is NULL, the class predicted for each row. */
bool fit_measure(tg_mlp *net, const tg_dataset *set, double l2, double *loss, double *accuracy, int32_t *predicted,
                 tg_error *err);

/* Seconds on a clock that only goes forward. */
double fit_seconds(void);

#endif
