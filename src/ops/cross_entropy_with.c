/* cross_entropy_with.c - cross-entropy against labels with weights of classes, ignored rows and smoothed labels: that against
   the probabilities p_ij = w_j ((1 - smoothing) [j is the label] + smoothing / c), 0 for an ignored row; the mean is divided
   by the sum of the labels' weights (torch.nn.functional.cross_entropy) */
#include <math.h>

#include "core/error.h"
#include "core/lookup.h"
#include "tapegrad/ops.h"

static const char name[] = "cross_entropy_with";

enum { DEFAULT_IGNORED = -100 };

static int32_t ignored_label(const tg_cross_entropy_config *k)
{
    return k->ignore_index == 0 ? DEFAULT_IGNORED : k->ignore_index == TG_IGNORE_CLASS_0 ? 0 : k->ignore_index;
}

static double weight_of(const tg_cross_entropy_config *k, int64_t class)
{
    return k->weights ? k->weights[class] : 1;
}

static bool config_fits(tg_tensor logits, const tg_cross_entropy_config *k, int64_t classes)
{
    if (k->reduction != TG_MEAN && k->reduction != TG_SUM && k->reduction != TG_NONE)
        tg_tensor_fail(logits, TG_ERR_ARGUMENT, name, "reduction %d is none of TG_MEAN, TG_SUM, TG_NONE",
                       (int)k->reduction);
    else if (!(k->label_smoothing >= 0 && k->label_smoothing <= 1))
        tg_tensor_fail(logits, TG_ERR_ARGUMENT, name, "label_smoothing is %g; it must be in 0 .. 1",
                       k->label_smoothing);
    for (int64_t j = 0; k->weights && j < classes; j++)
        if (!(k->weights[j] >= 0 && isfinite(k->weights[j])))
            tg_tensor_fail(logits, TG_ERR_ARGUMENT, name, "weights[%lld] is %g; it must be finite and 0 or more",
                           (long long)j, k->weights[j]);
    return tg_tape_status(logits.tape) == TG_OK;
}

static bool labels_fit(tg_tensor logits, const int32_t *labels, int64_t n, int64_t rows, int64_t classes,
                       int32_t ignored)
{
    if (n != rows)
        tg_tensor_fail(logits, TG_ERR_SHAPE, name, "%lld labels for %lld rows; one a row is right", (long long)n,
                       (long long)rows);
    else if (!labels && n > 0)
        tg_tensor_fail(logits, TG_ERR_ARGUMENT, name, "labels is NULL, not %lld labels", (long long)n);
    else
        for (int64_t i = 0; i < n; i++)
            if (labels[i] != ignored && (labels[i] < 0 || labels[i] >= classes)) {
                tg_tensor_fail(logits, TG_ERR_RANGE, name,
                               "label %d of row %lld is not in 0 .. %lld, nor ignored (%d)", (int)labels[i],
                               (long long)i, (long long)classes - 1, (int)ignored);
                break;
            }
    return tg_tape_status(logits.tape) == TG_OK;
}

static void set(const tg_tape *t, void *values, int64_t i, double value)
{
    if (t->dtype == TG_F32)
        ((float *)values)[i] = (float)value;
    else
        ((double *)values)[i] = value;
}

/* The probabilities [rows, classes], a constant; adds the labels' weights to *total. */
static tg_tensor probabilities(tg_tape *t, const int32_t *labels, int64_t rows, int64_t classes,
                               const tg_cross_entropy_config *k, double *total)
{
    const tg_tensor p = tg_zeros(t, TG_SHAPE(rows, classes));
    const tg_node *n = p.id ? tg_node_at(t, p.id) : NULL;
    const double smoothing = k->label_smoothing;
    for (int64_t i = 0; n && i < rows; i++) {
        if (labels[i] == ignored_label(k))
            continue;
        *total += weight_of(k, labels[i]);
        for (int64_t j = 0; smoothing > 0 && j < classes; j++)
            set(t, n->value, i * classes + j, weight_of(k, j) * smoothing / (double)classes);
        const double share = 1 - smoothing + smoothing / (double)classes;
        set(t, n->value, i * classes + labels[i], weight_of(k, labels[i]) * share);
    }
    return p;
}

tg_tensor tg_cross_entropy_with(tg_tensor logits, const int32_t *labels, int64_t n_labels,
                                const tg_cross_entropy_config *config)
{
    static const tg_cross_entropy_config defaults = { .reduction = TG_MEAN };
    const tg_cross_entropy_config *k = config ? config : &defaults;
    const tg_node *node = tg_node_of(logits, name);
    if (!node)
        return tg_invalid(logits.tape);
    tg_shape s = node->extent->shape;
    if (s.rank == 0) {
        tg_tensor_fail(logits, TG_ERR_SHAPE, name, "the logits are a scalar; they must be [..., classes]");
        return tg_invalid(logits.tape);
    }
    const int64_t classes = s.dims[--s.rank], rows = tg_shape_size(&s);
    if (!config_fits(logits, k, classes) || !labels_fit(logits, labels, n_labels, rows, classes, ignored_label(k)))
        return tg_invalid(logits.tape);
    double total = 0;
    const tg_tensor p = probabilities(logits.tape, labels, rows, classes, k, &total);
    const tg_tensor flat = tg_reshape(logits, TG_SHAPE(rows, classes));
    const tg_tensor loss = tg_cross_entropy_probs(flat, p, k->reduction == TG_NONE ? TG_NONE : TG_SUM);
    return k->reduction == TG_NONE ? tg_reshape(loss, s) : k->reduction == TG_SUM ? loss : tg_scale(loss, 1 / total);
}
