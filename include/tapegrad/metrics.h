/* metrics.h - confusion matrices, means over repeated runs, early stopping. */
#ifndef TAPEGRAD_METRICS_H
#define TAPEGRAD_METRICS_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Confusion matrices: counts[classes][classes] belongs to the caller, who fills it with zeros at first. The row is the
   label, the column the prediction:

       int64_t counts[10 * 10] = { 0 };
       while (tg_batches_next(batches, &b)) {
           tg_mlp_predict(net, tg_wrap(tape, b.shape, b.x), predicted, b.n);
           tg_confusion_add(counts, 10, b.labels, predicted, b.n, &err);
           tg_tape_reset(tape);
       }
       printf("%.2f %%\n", 100 * tg_confusion_accuracy(counts, 10));
   ------------------------------------------------------------------------------------------------------------------ */

/* Counts n pairs. TG_ERR_ARGUMENT: NULL (but for n = 0), n < 0, classes < 1; TG_ERR_RANGE: a label or prediction outside
   0 .. classes - 1, or a count beyond INT64_MAX. After an error the counts are what they were. */
TG_API tg_status tg_confusion_add(int64_t *counts, int classes, const int32_t *labels, const int32_t *predicted,
                                  int64_t n, tg_error *err);

/* The share, 0 .. 1, of pairs whose prediction is the label: the sum of the diagonal over the sum of all. This and the
   next two functions return NaN where the divisor is 0, for NULL, and for a class that does not exist. */
TG_API double tg_confusion_accuracy(const int64_t *counts, int classes);

/* Of the pairs with label `label`, the share whose prediction is `label`, too: the accuracy of that class. */
TG_API double tg_confusion_recall(const int64_t *counts, int classes, int label);

/* Of the pairs with prediction `label`, the share whose label is `label`, too. */
TG_API double tg_confusion_precision(const int64_t *counts, int classes, int label);

/* Repeated runs: mean and deviation of numbers that are added one at a time (Welford 1962: Note on a method for
   calculating corrected sums of squares and products). A new one is { 0 }. ----------------------------------------- */
typedef struct tg_running {
    int64_t count;
    double mean; /* of the numbers so far */
    double m2;   /* sum (x - mean)^2 */
} tg_running;

/* Adds x. With NULL, a no-op. After a NaN or an infinity the deviation is always NaN. */
TG_API void tg_running_add(tg_running *running, double x);

/* The mean; NaN before the first number, and for NULL. */
TG_API double tg_running_mean(const tg_running *running);

/* sqrt(sum (x - mean)^2 / (count - correction)): correction 0 for the population's deviation, 1 for the sample's. As with
   tg_var, the divisor is 0 where correction is count or more: the result is infinity, or NaN if all x are equal. So the
   sample's deviation of one run is NaN. NaN for NULL. */
TG_API double tg_running_deviation(const tg_running *running, double correction);

/* Early stopping by a value that is computed from time to time, such as the loss on a validation set. There are two
   rules, which may be combined:

       tg_stopping stopping = { .patience = 10 };
       for (int epoch = 0; epoch < 500; epoch++) {
           ...
           const bool stop = tg_stopping_update(&stopping, validation_loss);
           if (stopping.improved)
               tg_params_copy(best, params, &err);  (keep the best parameters)
           if (stop)
               break;
       }

   A NaN is never an improvement, and if a rule is on, it stops at once: training does not recover from a NaN. */
typedef struct tg_stopping {
    int64_t patience; /* stop after so many updates in a row without an improvement. 0 or less: this rule is off */
    double min_delta; /* an improvement is better than the best by more than this. 0: by any amount */
    double epsilon;   /* stop when |value - previous value| < epsilon. 0 or less: this rule is off. TG_ZERO: stop
                         when the value does not change */
    bool larger;      /* false: smaller is better (a loss); true: larger is better (an accuracy) */

    /* Filled by the updates. */
    int64_t updates;     /* how many there were */
    int64_t best_update; /* the last that was an improvement, counted from 1; 0: none */
    double best;         /* its value; where there was none, 0 */
    double previous;     /* the value of the last update */
    bool improved;       /* the last update was an improvement; the first one is, unless it is a NaN */
} tg_stopping;

/* Adds the next value; true to stop. The update that stops is counted like any other, and more updates may follow. false
   for NULL. */
TG_API bool tg_stopping_update(tg_stopping *stopping, double value);

#ifdef __cplusplus
}
#endif
#endif
