/* measures.c - what metrics, principal axes and t-SNE refuse. */
#include "refusals.h"

static tg_dataset none, full;
static const tg_allocator no_allocator;

/* Four rows of two features. */
static tg_dataset *filled(void)
{
    static const float x[] = { 1, 0, 0, 2, 3, 1, -1, 5 };
    if (!full.n && tg_dataset_init(&full, 4, 2, 3, NULL) == TG_OK)
        memcpy(full.x, x, sizeof x);
    return &full;
}
static void finish(void)
{
    tg_dataset_finish(&full);
}

/* Metrics ---------------------------------------------------------------------------------------------------------- */

REFUSALS(tg_argmax)
{
    int32_t out[6];
    TAPE(TG_ERR_ARGUMENT, tg_argmax(m, 0, NULL, 3));
    TAPE(TG_ERR_SHAPE, tg_argmax(m, 2, out, 3));
    TAPE(TG_ERR_SHAPE, tg_argmax(m, -3, out, 3));
    TAPE(TG_ERR_SHAPE, tg_argmax(m, 0, out, 2));
    TAPE(TG_ERR_SHAPE, tg_argmax(m, TG_ALL, out, -1));
    TAPE(TG_ERR_STALE, tg_argmax(stale, 0, out, 1));
    HOLDS(tg_argmax(null, 0, out, 1) == TG_ERR_ARGUMENT);
}

REFUSALS(tg_argmin)
{
    int32_t out[6];
    TAPE(TG_ERR_ARGUMENT, tg_argmin(m, 0, NULL, 3));
    TAPE(TG_ERR_SHAPE, tg_argmin(m, 2, out, 3));
    TAPE(TG_ERR_SHAPE, tg_argmin(m, -3, out, 3));
    TAPE(TG_ERR_SHAPE, tg_argmin(m, 0, out, 2));
    TAPE(TG_ERR_SHAPE, tg_argmin(m, TG_ALL, out, -1));
    TAPE(TG_ERR_STALE, tg_argmin(stale, 0, out, 1));
    HOLDS(tg_argmin(null, 0, out, 1) == TG_ERR_ARGUMENT);
}

REFUSALS(tg_confusion_add)
{
    static int64_t counts[4], many[4] = { INT64_MAX };
    static const int32_t labels[] = { 0, 1 }, far[] = { 0, 2 }, negative[] = { 0, -1 };
    FAILS(TG_ERR_ARGUMENT, tg_confusion_add(NULL, 2, labels, labels, 2, e));
    FAILS(TG_ERR_ARGUMENT, tg_confusion_add(counts, 0, labels, labels, 2, e));
    FAILS(TG_ERR_ARGUMENT, tg_confusion_add(counts, 2, NULL, labels, 2, e));
    FAILS(TG_ERR_ARGUMENT, tg_confusion_add(counts, 2, labels, NULL, 2, e));
    FAILS(TG_ERR_ARGUMENT, tg_confusion_add(counts, 2, labels, labels, -1, e));
    FAILS(TG_ERR_RANGE, tg_confusion_add(counts, 2, far, labels, 2, e));
    FAILS(TG_ERR_RANGE, tg_confusion_add(counts, 2, labels, negative, 2, e));
    FAILS(TG_ERR_RANGE, tg_confusion_add(many, 2, labels, labels, 2, e));
    HOLDS(counts[0] == 0 && many[0] == INT64_MAX);
}
REFUSALS(tg_confusion_accuracy)
{
    static const int64_t nothing[4];
    HOLDS(isnan(tg_confusion_accuracy(NULL, 2)));
    HOLDS(isnan(tg_confusion_accuracy(nothing, 0)));
    HOLDS(isnan(tg_confusion_accuracy(nothing, 2)));
}
#define OF_CLASS(f)                                                                                                  \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        static const int64_t counts[] = { 1, 0, 0, 1 };                                                              \
        HOLDS(isnan(f(NULL, 2, 0)));                                                                                 \
        HOLDS(isnan(f(counts, 0, 0)));                                                                               \
        HOLDS(isnan(f(counts, 2, 2)));                                                                               \
        HOLDS(isnan(f(counts, 2, -1)));                                                                              \
    }
OF_CLASS(tg_confusion_recall)
OF_CLASS(tg_confusion_precision)

REFUSALS(tg_running_add)
{
    tg_running_add(NULL, 1);
    HOLDS(true);
}
REFUSALS(tg_running_mean)
{
    HOLDS(isnan(tg_running_mean(NULL)));
    HOLDS(isnan(tg_running_mean(&(tg_running){ 0 })));
}
REFUSALS(tg_running_deviation)
{
    HOLDS(isnan(tg_running_deviation(NULL, 0)));
    HOLDS(isnan(tg_running_deviation(&(tg_running){ 0 }, 0)));
}
REFUSALS(tg_stopping_update)
{
    HOLDS(!tg_stopping_update(NULL, 1));
}

/* Principal axes --------------------------------------------------------------------------------------------------- */

REFUSALS(tg_pca_create)
{
    NO_OBJECT(TG_ERR_ARGUMENT, tg_pca_create(NULL, 1, NULL, e));
    NO_OBJECT(TG_ERR_STATE, tg_pca_create(&none, 1, NULL, e));
    NO_OBJECT(TG_ERR_RANGE, tg_pca_create(filled(), 0, NULL, e));
    NO_OBJECT(TG_ERR_RANGE, tg_pca_create(filled(), 3, NULL, e));
    NO_OBJECT(TG_ERR_MEMORY, tg_pca_create(filled(), 1, &no_allocator, e));
    finish();
}
REFUSALS(tg_pca_destroy)
{
    tg_pca_destroy(NULL);
    HOLDS(true);
}
REFUSALS(tg_pca_apply)
{
    static tg_dataset one_wide;
    tg_pca *pca = tg_pca_create(filled(), 1, NULL, NULL);
    tg_dataset_init(&one_wide, 4, 1, 3, NULL);
    FAILS(TG_ERR_ARGUMENT, tg_pca_apply(NULL, filled(), &none, e));
    FAILS(TG_ERR_ARGUMENT, tg_pca_apply(pca, NULL, &none, e));
    FAILS(TG_ERR_ARGUMENT, tg_pca_apply(pca, filled(), NULL, e));
    FAILS(TG_ERR_STATE, tg_pca_apply(pca, &none, &none, e));
    FAILS(TG_ERR_STATE, tg_pca_apply(pca, filled(), &full, e));
    FAILS(TG_ERR_SHAPE, tg_pca_apply(pca, &one_wide, &none, e));
    tg_dataset_finish(&one_wide);
    tg_pca_destroy(pca);
    finish();
}
#define OF_PCA(f, nothing)                                                                                           \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        HOLDS(f(NULL) == (nothing));                                                                                 \
    }
OF_PCA(tg_pca_components, 0)
OF_PCA(tg_pca_features, 0)
OF_PCA(tg_pca_mean, NULL)
OF_PCA(tg_pca_axes, NULL)
OF_PCA(tg_pca_variances, NULL)
OF_PCA(tg_pca_ratios, NULL)

REFUSALS(tg_symmetric_eigen)
{
    static const double a[] = { 2, 1, 1, 2 }, skew[] = { 2, 1, -1, 2 }, odd[] = { 2, (double)NAN, (double)NAN, 2 };
    static double values[2], vectors[4];
    FAILS(TG_ERR_ARGUMENT, tg_symmetric_eigen(NULL, 2, 2, values, vectors, NULL, e));
    FAILS(TG_ERR_ARGUMENT, tg_symmetric_eigen(a, 2, 2, NULL, vectors, NULL, e));
    FAILS(TG_ERR_ARGUMENT, tg_symmetric_eigen(skew, 2, 2, values, vectors, NULL, e));
    FAILS(TG_ERR_RANGE, tg_symmetric_eigen(a, 2, 0, values, vectors, NULL, e));
    FAILS(TG_ERR_RANGE, tg_symmetric_eigen(a, 2, 3, values, vectors, NULL, e));
    FAILS(TG_ERR_RANGE, tg_symmetric_eigen(odd, 2, 2, values, vectors, NULL, e));
    FAILS(TG_ERR_SHAPE, tg_symmetric_eigen(a, INT64_MAX, 1, values, vectors, NULL, e));
    FAILS(TG_ERR_MEMORY, tg_symmetric_eigen(a, 2, 2, values, vectors, &no_allocator, e));
}

/* t-SNE ------------------------------------------------------------------------------------------------------------ */

enum { POINTS = 5 };
static double p[POINTS * POINTS], map[2 * POINTS];

#define AFFINITIES(f, real)                                                                                          \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        static const real x[POINTS] = { 1, 2, 4, 7, 11 }, odd[POINTS] = { 1, (real)INFINITY };                       \
        FAILS(TG_ERR_ARGUMENT, f(NULL, POINTS, 1, 2, p, NULL, e));                                                   \
        FAILS(TG_ERR_ARGUMENT, f(x, POINTS, 1, 2, NULL, NULL, e));                                                   \
        HOLDS(f(x, 0, 1, 2, p, NULL, NULL) != TG_OK);                                                                \
        HOLDS(f(x, POINTS, 0, 2, p, NULL, NULL) != TG_OK);                                                           \
        HOLDS(f(x, INT64_MAX, INT64_MAX, 2, p, NULL, NULL) != TG_OK);                                                \
        HOLDS(f(x, POINTS, 1, POINTS, p, NULL, NULL) != TG_OK);                                                      \
        HOLDS(f(x, POINTS, 1, (double)NAN, p, NULL, NULL) != TG_OK);                                                 \
        HOLDS(f(odd, POINTS, 1, 2, p, NULL, NULL) != TG_OK);                                                         \
        FAILS(TG_ERR_MEMORY, f(x, POINTS, 1, 2, p, &no_allocator, e));                                               \
    }
AFFINITIES(tg_tsne_affinities_f32, float)
AFFINITIES(tg_tsne_affinities_f64, double)

#define TSNE(f, real)                                                                                                \
    REFUSALS(f)                                                                                                      \
    {                                                                                                                \
        static const real x[POINTS] = { 1, 2, 4, 7, 11 };                                                            \
        static const tg_tsne_config fits = { .perplexity = 2, .iterations = 1 },                                     \
                                    many = { .perplexity = 2, .dims = TG_TSNE_MOST_DIMS + 1 },                       \
                                    back = { .perplexity = 2, .iterations = -1 },                                    \
                                    still = { .perplexity = 2, .learning_rate = TG_ZERO },                           \
                                    falling = { .perplexity = 2, .learning_rate = -1 },                              \
                                    weak = { .perplexity = 2, .exaggeration = TG_ZERO },                             \
                                    growing = { .perplexity = 2, .momentum = 1 };                                    \
        FAILS(TG_ERR_ARGUMENT, f(NULL, POINTS, 1, &fits, map, e));                                                   \
        FAILS(TG_ERR_ARGUMENT, f(x, POINTS, 1, &fits, NULL, e));                                                     \
        HOLDS(f(x, -1, 1, &fits, map, NULL) != TG_OK);                                                               \
        HOLDS(f(x, POINTS, 1, &many, map, NULL) != TG_OK);                                                           \
        HOLDS(f(x, POINTS, 1, &back, map, NULL) != TG_OK);                                                           \
        FAILS(TG_ERR_ARGUMENT, f(x, POINTS, 1, &still, map, e));                                                     \
        FAILS(TG_ERR_ARGUMENT, f(x, POINTS, 1, &falling, map, e));                                                   \
        FAILS(TG_ERR_ARGUMENT, f(x, POINTS, 1, &weak, map, e));                                                      \
        FAILS(TG_ERR_ARGUMENT, f(x, POINTS, 1, &growing, map, e));                                                   \
        HOLDS(f(x, POINTS, 1, NULL, map, NULL) != TG_OK); /* a perplexity of 30 for 5 points */                      \
    }
TSNE(tg_tsne_f32, float)
TSNE(tg_tsne_f64, double)

REFUSALS(tg_tsne_gradient)
{
    static const double x[POINTS] = { 1, 2, 4, 7, 11 };
    static double gradient[2 * POINTS], kl;
    tg_tsne_affinities(x, POINTS, 1, 2, p, NULL, NULL);
    FAILS(TG_ERR_ARGUMENT, tg_tsne_gradient(NULL, map, POINTS, 2, gradient, &kl, NULL, e));
    FAILS(TG_ERR_ARGUMENT, tg_tsne_gradient(p, NULL, POINTS, 2, gradient, &kl, NULL, e));
    FAILS(TG_ERR_ARGUMENT, tg_tsne_gradient(p, map, POINTS, 2, NULL, &kl, NULL, e));
    HOLDS(tg_tsne_gradient(p, map, 1, 2, gradient, &kl, NULL, NULL) != TG_OK);
    HOLDS(tg_tsne_gradient(p, map, POINTS, 0, gradient, &kl, NULL, NULL) != TG_OK);
    HOLDS(tg_tsne_gradient(p, map, POINTS, TG_TSNE_MOST_DIMS + 1, gradient, &kl, NULL, NULL) != TG_OK);
    FAILS(TG_ERR_MEMORY, tg_tsne_gradient(p, map, POINTS, 2, gradient, &kl, &no_allocator, e));
}
