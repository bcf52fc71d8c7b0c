/* lab_draw.c - what the experiments draw of their runs. */
#include <stdio.h>

#include "lab.h"

static double value_of(const fit_point *p, quantity q)
{
    switch (q) {
    case LOSS:
        return p->loss;
    case ACCURACY:
        return 100 * p->accuracy;
    case TRAIN_LOSS:
        return p->train_loss;
    case TRAIN_ACCURACY:
        return 100 * p->train_accuracy;
    case HELD_OUT_LOSS:
        return p->held_out_loss;
    case HELD_OUT_ACCURACY:
        return 100 * p->held_out_accuracy;
    }
    return NO_FIGURE;
}

series lab_series(lab *l, const trained *t, quantity q, const char *name, bool over_steps)
{
    series s = { .name = name };
    const int64_t n = t ? t->record.n : 0;
    double *x = lab_numbers(l, n), *y = lab_numbers(l, n);
    for (int64_t i = 0; y && i < n; i++) {
        const fit_point *p = &t->record.points[i];
        if (isnan(value_of(p, q)))
            continue;
        x[s.n] = over_steps ? (double)p->steps : (double)p->steps / t->record.steps_per_epoch;
        y[s.n++] = value_of(p, q);
    }
    s.x = x;
    s.y = y;
    return s;
}

void lab_draw_run(lab *l, const trained *t, const char *name, const char *title, const char *held_out)
{
    if (!lab_good(l))
        return;
    const bool measured = t->plan->measure_train;
    const char *caption = t->caption;
    const series losses[] = { lab_series(l, t, measured ? TRAIN_LOSS : LOSS, "training", false),
                              lab_series(l, t, HELD_OUT_LOSS, held_out, false) };
    const series accuracies[] = { lab_series(l, t, measured ? TRAIN_ACCURACY : ACCURACY, "training", false),
                                  lab_series(l, t, HELD_OUT_ACCURACY, held_out, false) };
    page_curves(l->page, lab_text(l, "%s-loss", name),
                &(curves){ .title = lab_text(l, "%s: loss", title),
                           .caption = caption,
                           .x_label = "epoch",
                           .y_label = "loss",
                           .series = losses,
                           .n_series = 2 });
    page_curves(l->page, lab_text(l, "%s-accuracy", name),
                &(curves){ .title = lab_text(l, "%s: accuracy", title),
                           .caption = caption,
                           .x_label = "epoch",
                           .y_label = "accuracy (%)",
                           .series = accuracies,
                           .n_series = 2 });
}

/* Classes ---------------------------------------------------------------------------------------------------------- */

static int32_t *predict(lab *l, const trained *t, const tg_dataset *set)
{
    int32_t *predicted = lab_room(l, set->n, sizeof *predicted);
    if (predicted && t)
        lab_score(l, t, set, predicted);
    return lab_good(l) ? predicted : NULL;
}

void lab_draw_confusion(lab *l, const trained *t, const tg_dataset *set, const char *name, const char *title)
{
    const int classes = set->classes;
    const int32_t *predicted = predict(l, t, set);
    int64_t *counts = lab_room(l, (int64_t)classes * classes, sizeof *counts);
    double *cells = lab_numbers(l, (int64_t)classes * classes);
    if (!lab_good(l) || tg_confusion_add(counts, classes, set->labels, predicted, set->n, &l->err) != TG_OK)
        return;
    for (int i = 0; i < classes * classes; i++)
        cells[i] = (double)counts[i];
    const char *each = "";
    for (int i = 0; i < classes; i++)
        each = lab_text(l, "%s%s%s %.1f", each, i ? ", " : "", t->task->class_names[i],
                        100 * tg_confusion_recall(counts, classes, i));
    page_heatmap(l->page, name,
                 &(heatmap){ .title = title,
                             .caption = lab_text(l, "%lld rows, accuracy %.2f %%. %s", (long long)set->n,
                                                 100 * tg_confusion_accuracy(counts, classes), t->caption),
                             .row_label = "label",
                             .column_label = "predicted",
                             .rows = classes,
                             .columns = classes,
                             .values = cells,
                             .row_names = t->task->class_names,
                             .column_names = t->task->class_names });
    page_text(l->page, "Accuracy of each class (%%): %s.", each);
}

/* Pictures --------------------------------------------------------------------------------------------------------- */

void lab_draw_weights(lab *l, const trained *t, const char *name, const char *title, int most)
{
    if (!lab_good(l))
        return;
    tg_params *params = tg_mlp_params(t->net);
    const tg_shape shape = tg_params_shape(params, 0);
    const int64_t pixels = shape.dims[0], units = shape.dims[1], n = units < most ? units : most;
    double *w = lab_numbers(l, pixels * units), *pictures = lab_numbers(l, pixels * n);
    const char **labels = lab_room(l, n, sizeof *labels);
    if (!labels || tg_params_read_f64(params, 0, w, pixels * units, &l->err) != TG_OK)
        return;
    for (int64_t i = 0; i < n; i++) {
        labels[i] = tg_mlp_depth(t->net) == 1 ? t->task->class_names[i] : lab_text(l, "%lld", (long long)i);
        for (int64_t j = 0; j < pixels; j++)
            pictures[i * pixels + j] = w[j * units + i];
    }
    page_images(l->page, name,
                &(images){ .title = title,
                           .caption = lab_text(l, "Each unit's weights as a picture. %s", t->caption),
                           .n = n,
                           .channels = t->task->channels,
                           .height = t->task->height,
                           .width = t->task->width,
                           .pixels = pictures,
                           .is_signed = true,
                           .labels = labels });
}

static void put(tg_dataset *set, int64_t i, double x)
{
    if (set->dtype == TG_F64)
        ((double *)set->x)[i] = x;
    else
        ((float *)set->x)[i] = (float)x;
}

static double number(const tg_dataset *set, int64_t i)
{
    return set->dtype == TG_F64 ? ((const double *)set->x)[i] : (double)((const float *)set->x)[i];
}

/* Row i as it was before the preparation, in 0 .. 1. */
static void restore(const task *t, const tg_dataset *set, int64_t i, double *picture)
{
    for (int64_t j = 0; j < set->features; j++) {
        const double deviation = t->deviation && t->deviation[j] != 0 ? t->deviation[j] : 1;
        const double x = number(set, i * set->features + j) * deviation + (t->mean ? t->mean[j] : 0);
        picture[j] = fmin(fmax(x, 0), 1);
    }
}

void lab_draw_mistakes(lab *l, const trained *t, const tg_dataset *set, const char *name, const char *title, int most)
{
    const int32_t *predicted = predict(l, t, set);
    double *pictures = lab_numbers(l, most * set->features);
    const char **labels = lab_room(l, most, sizeof *labels);
    int n = 0;
    if (!lab_good(l))
        return;
    for (int64_t i = 0; n < most && i < set->n; i++)
        if (predicted[i] != set->labels[i]) {
            const char *const *names = t->task->class_names;
            labels[n] = lab_text(l, "%s, not %s", names[set->labels[i]], names[predicted[i]]);
            restore(t->task, set, i, pictures + n++ * set->features);
        }
    if (n > 0)
        page_images(l->page, name,
                    &(images){ .title = title,
                               .caption = lab_text(l, "The first %d rows whose predicted class is not the label. %s",
                                                   n, t->caption),
                               .n = n,
                               .channels = t->task->channels,
                               .height = t->task->height,
                               .width = t->task->width,
                               .pixels = pictures,
                               .labels = labels });
}

/* The plane -------------------------------------------------------------------------------------------------------- */

enum { GRID = 120 };

static void bounds(const double *x, int64_t n, double *low, double *high)
{
    *low = *high = x[0];
    for (int64_t i = 1; i < n; i++) {
        *low = fmin(*low, x[i]);
        *high = fmax(*high, x[i]);
    }
    const double edge = 0.08 * (*high - *low);
    *low -= edge;
    *high += edge;
}

/* The network's decisions on a grid over the plane. */
static const int32_t *decide(lab *l, const trained *t, const scatter *s)
{
    tg_dataset grid = { .dtype = t->task->train.dtype };
    int32_t *decisions = NULL;
    if (lab_good(l) && tg_dataset_init(&grid, GRID * GRID, 2, t->task->train.classes, &l->err) == TG_OK) {
        for (int i = 0; i < GRID * GRID; i++) {
            put(&grid, 2 * i, s->left + (s->right - s->left) * (i % GRID + 0.5) / GRID);
            put(&grid, 2 * i + 1, s->bottom + (s->top - s->bottom) * (i / GRID + 0.5) / GRID);
        }
        decisions = predict(l, t, &grid);
    }
    tg_dataset_finish(&grid);
    return decisions;
}

void lab_draw_plane(lab *l, const trained *t, const tg_dataset *set, const char *name, const char *title)
{
    double *x = lab_numbers(l, set->n), *y = lab_numbers(l, set->n);
    if (!lab_good(l))
        return;
    for (int64_t i = 0; i < set->n; i++) {
        x[i] = number(set, 2 * i);
        y[i] = number(set, 2 * i + 1);
    }
    scatter s = { .title = title,
                  .caption = t->caption,
                  .x_label = "x",
                  .y_label = "y",
                  .n = set->n,
                  .x = x,
                  .y = y,
                  .labels = set->labels,
                  .classes = set->classes,
                  .class_names = t->task->class_names,
                  .columns = GRID,
                  .rows = GRID };
    bounds(x, set->n, &s.left, &s.right);
    bounds(y, set->n, &s.bottom, &s.top);
    s.regions = decide(l, t, &s);
    if (lab_good(l))
        page_scatter(l->page, name, &s);
}
