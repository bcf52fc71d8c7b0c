/* metrics.h - what a run is judged by: confusion matrices, means over repeated runs, and when to stop. */
#ifndef TAPEGRAD_METRICS_H
#define TAPEGRAD_METRICS_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Confusion matrices: counts[classes][classes], the caller's, which begins as zeros. The row is the label, the column
   the prediction:

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

/* The share, 0 .. 1, of pairs whose prediction is the label: the diagonal over the sum of all. These three give NaN
   where there is nothing to divide by, and for NULL or a class that is none. */
TG_API double tg_confusion_accuracy(const int64_t *counts, int classes);

/* Of the pairs with label `label`, the share that was predicted so: the accuracy of that class. */
TG_API double tg_confusion_recall(const int64_t *counts, int classes, int label);

/* Of the pairs with prediction `label`, the share that has that label. */
TG_API double tg_confusion_precision(const int64_t *counts, int classes, int label);

/* Repeated runs: mean and deviation of numbers that come one at a time, in one pass (Welford 1962: Note on a method for
   calculating corrected sums of squares and products). Begins as { 0 }. ------------------------------------------- */
typedef struct tg_running {
    int64_t count;
    double mean; /* of the numbers so far */
    double m2;   /* sum (x - mean)^2 */
} tg_running;

/* Takes x in. NULL is a no-op. A NaN or an infinity makes the deviation NaN for good. */
TG_API void tg_running_add(tg_running *running, double x);

/* The mean; NaN for none, and for NULL. */
TG_API double tg_running_mean(const tg_running *running);

/* sqrt(sum (x - mean)^2 / (count - correction)): correction 0 for the population's deviation, 1 for the sample's. As with
   tg_var, where correction is count or more the divisor is 0: infinity, or NaN if all x are equal; so one run has a
   sample's deviation of NaN. NaN for NULL. */
TG_API double tg_running_deviation(const tg_running *running, double correction);

/* Early stopping: on a value that is computed every so often, such as the loss on a validation set. Two rules, alone or
   together:

       tg_stopping stopping = { .patience = 10 };
       for (int epoch = 0; epoch < 500; epoch++) {
           ...
           const bool stop = tg_stopping_update(&stopping, validation_loss);
           if (stopping.improved)
               tg_params_copy(best, params, &err);  (keep the best parameters)
           if (stop)
               break;
       }

   A NaN is never an improvement, and where a rule is in use it stops at once: training does not come back from it. */
typedef struct tg_stopping {
    int64_t patience; /* stop after so many updates in a row without an improvement; 0: this rule is off */
    double min_delta; /* an improvement is better than the best by more than this; 0: by anything */
    double epsilon;   /* stop when |value - the value before| < epsilon; 0: this rule is off */
    bool larger;      /* false: smaller is better (a loss); true: larger is better (an accuracy) */

    /* Filled by the updates. */
    int64_t updates;     /* how many there were */
    int64_t best_update; /* the last that was an improvement, counted from 1; 0: none */
    double best;         /* its value; where there was none, 0 */
    double previous;     /* the value of the last update */
    bool improved;       /* the last update was an improvement; the first one is, unless it is a NaN */
} tg_stopping;

/* Takes in the next value; true when it is time to stop. The update that stops is counted as any other, and there may be
   more. false for NULL. */
TG_API bool tg_stopping_update(tg_stopping *stopping, double value);

#ifdef __cplusplus
}
#endif
#endif
