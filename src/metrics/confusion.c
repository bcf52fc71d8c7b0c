/* confusion.c - confusion matrices: pairs of label and prediction, counted. */
#include <inttypes.h>
#include <math.h>

#include "core/status.h"
#include "tapegrad/metrics.h"

static size_t cell(int classes, int label, int predicted)
{
    return (size_t)label * (size_t)classes + (size_t)predicted;
}

static tg_status check_classes(const char *what, const int32_t *list, int64_t n, int classes, tg_error *err)
{
    for (int64_t i = 0; i < n; i++)
        if (list[i] < 0 || list[i] >= classes)
            return tg_error_raise(err, TG_ERR_RANGE, "confusion_add: %s %" PRId64 " is %" PRId32 ", not in 0 .. %d",
                                  what, i, list[i], classes - 1);
    return TG_OK;
}

static tg_status check(const int64_t *counts, int classes, const int32_t *labels, const int32_t *predicted, int64_t n,
                       tg_error *err)
{
    if (classes < 1 || n < 0)
        return tg_error_raise(err, TG_ERR_ARGUMENT,
                              "confusion_add: %" PRId64
                              " pairs of %d classes; expected at least 0 pairs and at least 1 class",
                              n, classes);
    if (!counts || (n > 0 && (!labels || !predicted)))
        return tg_error_raise(err, TG_ERR_ARGUMENT, "confusion_add: %s is NULL",
                              !counts   ? "counts"
                              : !labels ? "labels"
                                        : "predicted");
    const tg_status status = check_classes("label", labels, n, classes, err);
    return status == TG_OK ? check_classes("prediction", predicted, n, classes, err) : status;
}

tg_status tg_confusion_add(int64_t *counts, int classes, const int32_t *labels, const int32_t *predicted, int64_t n,
                           tg_error *err)
{
    const tg_status status = check(counts, classes, labels, predicted, n, err);
    if (status != TG_OK)
        return status;
    for (int64_t i = 0; i < n; i++) {
        int64_t *count = &counts[cell(classes, labels[i], predicted[i])];
        if (*count == INT64_MAX) {
            while (i-- > 0)
                counts[cell(classes, labels[i], predicted[i])]--;
            return tg_error_raise(err, TG_ERR_RANGE, "confusion_add: a count is %" PRId64 ", the most it can be",
                                  INT64_MAX);
        }
        ++*count;
    }
    return tg_error_clear(err);
}

/* Sums are taken in double, which does not overflow. */
static double column_sum(const int64_t *counts, int classes, int column)
{
    double sum = 0;
    for (int i = 0; i < classes; i++)
        sum += (double)counts[cell(classes, i, column)];
    return sum;
}

static double row_sum(const int64_t *counts, int classes, int row)
{
    double sum = 0;
    for (int j = 0; j < classes; j++)
        sum += (double)counts[cell(classes, row, j)];
    return sum;
}

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : (double)NAN;
}

static bool has_class(const int64_t *counts, int classes, int label)
{
    return counts && label >= 0 && label < classes;
}

double tg_confusion_accuracy(const int64_t *counts, int classes)
{
    double right = 0, all = 0;
    for (int i = 0; counts && i < classes; i++) {
        right += (double)counts[cell(classes, i, i)];
        all += row_sum(counts, classes, i);
    }
    return share(right, all);
}

double tg_confusion_recall(const int64_t *counts, int classes, int label)
{
    if (!has_class(counts, classes, label))
        return (double)NAN;
    return share((double)counts[cell(classes, label, label)], row_sum(counts, classes, label));
}

double tg_confusion_precision(const int64_t *counts, int classes, int label)
{
    if (!has_class(counts, classes, label))
        return (double)NAN;
    return share((double)counts[cell(classes, label, label)], column_sum(counts, classes, label));
}
