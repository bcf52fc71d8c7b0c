/* tsne.h - t-SNE: a map of points of many dimensions, in the plane for example, that keeps near points near. */
#ifndef TAPEGRAD_TSNE_H
#define TAPEGRAD_TSNE_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The exact method (van der Maaten, Hinton 2008: Visualizing data using t-SNE): time and memory grow with the square of
   the number of points. 2,000 points take 32 MB and some seconds, 10,000 take 800 MB and some minutes. Everything is
   computed in float64 with operations that IEEE 754 rounds correctly and the library's own exp and log: the same input
   gives the same bits with any number of threads, any kernel set, and on any machine whose compiler keeps to IEEE 754.

   x [n, d] and y [n, dims] are row-major, one point in each row; x is a pointer to float or to double. All functions return
   TG_ERR_ARGUMENT for NULL, a number out of its range, and a NaN or infinity in x; TG_ERR_SHAPE for a size that
   overflows; TG_ERR_MEMORY. */

/* The joint probabilities p [n, n] that two points of x are neighbours:

       p(j | i) = exp(-b_i |x_i - x_j|^2) / sum_{k != i} exp(-b_i |x_i - x_k|^2),   p(i | i) = 0
       p_ij     = (p(j | i) + p(i | j)) / 2n

   with b_i > 0 such that the entropy of p(. | i) is log2(perplexity) bits, within 1e-5, found by bisection; perplexity is
   about the number of neighbours that count, 1 <= perplexity <= n - 1. p is symmetric to the bit, and its sum is 1 within
   rounding. Where `perplexity` or more points are nearest to x_i at the same distance, as copies of it are, no b_i gives
   so little entropy: then p(. | i) is divided equally among those points. The sum of a row of p is at least 1/2n, however
   far the point is from the others. The scale of x does not matter. Memory for a copy of x in float64 comes from the
   allocator. After an error p may have been written. */
TG_API tg_status tg_tsne_affinities_f32(const float *x, int64_t n, int64_t d, double perplexity, double *p,
                                        const tg_allocator *allocator, tg_error *err);
TG_API tg_status tg_tsne_affinities_f64(const double *x, int64_t n, int64_t d, double perplexity, double *p,
                                        const tg_allocator *allocator, tg_error *err);

/* The loss of a map y, and its gradient by y. With w_ij = 1 / (1 + |y_i - y_j|^2) and q_ij = w_ij / sum_{k !=
   l} w_kl, the Kullback-Leibler divergence and its gradient (equation 5 of the paper):

       kl         = sum_{i != j} p_ij ln(p_ij / q_ij)
       gradient_i = 4 sum_j (p_ij - q_ij) w_ij (y_i - y_j)

   n >= 2 points of dims in 1 .. TG_TSNE_MOST_DIMS; gradient is [n, dims]; kl may be NULL. p must be as tg_tsne_affinities
   gives it: symmetric, not negative, with sum 1 and zeros on the diagonal, else TG_ERR_ARGUMENT. TG_ERR_NONFINITE where
   the points are so far apart that the numbers overflow. gradient and kl are written only on success. */
enum { TG_TSNE_MOST_DIMS = 8 };
TG_API tg_status tg_tsne_gradient(const double *p, const double *y, int64_t n, int dims, double *gradient, double *kl,
                                  const tg_allocator *allocator, tg_error *err);

/* 0 in a number counts as left out, and means what is said beside it. TG_ZERO means zero in the momenta; elsewhere zero
   makes no sense, and TG_ZERO is refused. A number out of its range is TG_ERR_ARGUMENT. */
typedef struct tg_tsne_config {
    int dims;                   /* of the map, 1 .. TG_TSNE_MOST_DIMS. 0: 2 */
    double perplexity;          /* 1 <= perplexity <= n - 1. 0: 30 */
    int64_t iterations;         /* >= 1. 0: 1000 */
    double learning_rate;       /* > 0. 0: max(n / exaggeration / 4, 50) (Belkina and others 2019: Automated optimized
                                   parameters for t-distributed stochastic neighbor embedding; their rate is for a gradient
                                   without the factor 4) */
    double exaggeration;        /* >= 1. p is multiplied by it in the first iterations; 1 turns it off. 0: 12 */
    int64_t exaggeration_steps; /* >= 1, the number of these iterations. 0: 250, but at most a quarter of all */
    double early_momentum;      /* 0 <= momentum < 1, in these iterations. 0: 0.5. TG_ZERO: zero */
    double momentum;            /* 0 <= momentum < 1, after them. 0: 0.8. TG_ZERO: zero */
    uint64_t seed;              /* of the first map: normal, with deviation 1e-4; 0 is a seed like any other */
    /* Called after every `progress_every` iterations, and after the last, with the number of iterations made and the
       divergence of the map so far (without exaggeration). It returns false to stop. NULL: not called. */
    bool (*progress)(void *context, int64_t iteration, double kl);
    void *context;
    int64_t progress_every;        /* >= 1. 0: 50 */
    const tg_allocator *allocator; /* NULL: the C library */
} tg_tsne_config;

/* The map y [n, dims] of x, centred on the origin. It is found by gradient descent on the divergence, with momentum and a
   gain for each number of the map:

       gain <- gain + 0.2 where gradient and step differ in sign, else max(0.8 gain, 0.01);   from 1
       step <- momentum step - learning_rate gain gradient;                                   from 0
       y    <- y + step

   config NULL means all defaults. A run that `progress` stops is TG_OK, and y is the map that was reached.
   TG_ERR_NONFINITE where the map overflows (a smaller learning rate helps). y is written only on success. */
TG_API tg_status tg_tsne_f32(const float *x, int64_t n, int64_t d, const tg_tsne_config *config, double *y,
                             tg_error *err);
TG_API tg_status tg_tsne_f64(const double *x, int64_t n, int64_t d, const tg_tsne_config *config, double *y,
                             tg_error *err);

/* tg_tsne(x, n, d, &config, y, &err) and tg_tsne_affinities choose the function by the type of x. A tg_dataset's x is a
   pointer to void: write tg_tsne((const float *)set.x, set.n, set.features, &config, y, &err) for a set of TG_F32. */
#ifndef __cplusplus
#define TG_TSNE_BY_TYPE(name, x, ...)                                                                                \
    _Generic((x), float *: name##_f32, const float *: name##_f32, double *: name##_f64, const double *: name##_f64)( \
        x, __VA_ARGS__)
#define tg_tsne_affinities(x, ...) TG_TSNE_BY_TYPE(tg_tsne_affinities, x, __VA_ARGS__)
#define tg_tsne(x, ...)            TG_TSNE_BY_TYPE(tg_tsne, x, __VA_ARGS__)
#else
}

inline tg_status tg_tsne_affinities(const float *x, int64_t n, int64_t d, double perplexity, double *p,
                                    const tg_allocator *allocator, tg_error *err)
{
    return tg_tsne_affinities_f32(x, n, d, perplexity, p, allocator, err);
}
inline tg_status tg_tsne_affinities(const double *x, int64_t n, int64_t d, double perplexity, double *p,
                                    const tg_allocator *allocator, tg_error *err)
{
    return tg_tsne_affinities_f64(x, n, d, perplexity, p, allocator, err);
}
inline tg_status tg_tsne(const float *x, int64_t n, int64_t d, const tg_tsne_config *config, double *y, tg_error *err)
{
    return tg_tsne_f32(x, n, d, config, y, err);
}
inline tg_status tg_tsne(const double *x, int64_t n, int64_t d, const tg_tsne_config *config, double *y,
                         tg_error *err)
{
    return tg_tsne_f64(x, n, d, config, y, err);
}
#endif

#endif
