/* tsne.h - what the files of t-SNE share: the given points, and a map with the forces between its points. */
#ifndef TG_TSNE_H
#define TG_TSNE_H

#include "core/memory.h"
#include "tapegrad/tsne.h"

/* Vectors of two doubles, whatever the kernel set, so that the bits are the same everywhere. Longer vectors would be no
   faster on most machines: division is the bottleneck of the forces, and takes as long for each number in them. */
#define TG_SET  generic
#define TG_REAL double
#include "kernels/vec.h"

/* x, whose lanes are for the points j .. j + VL - 1 of n, with 0 in the lanes of point i and of points beyond n. */
INLINE vec of_others(vec x, int64_t i, int64_t j, int64_t n)
{
    if (j + VL <= n && (i < j || i >= j + VL))
        return x;
    mask others = { 0 };
    for (int l = 0; l < VL; l++)
        others[l] = j + l < n && j + l != i ? -1 : 0;
    return v_select(others, x, v_set(0));
}

/* Points of many dimensions. */
typedef struct tg_points {
    const void *x; /* [n, d] of dtype */
    tg_dtype dtype;
    int64_t n, d;
} tg_points;

/* tg_tsne_affinities; `who` begins the messages. */
tg_status tg_tsne_find_affinities(const tg_points *points, double perplexity, double *p, const tg_allocator *a,
                                  const char *who, tg_error *err);

/* A map, and the forces between its points: w_ij = 1 / (1 + |y_i - y_j|^2). */
typedef struct tg_tsne_map {
    int64_t n;
    int dims;
    const double *p; /* [n, n] */
    double *y;       /* [dims, n]; the others follow in the same memory */
    double *near;    /* [dims, n]: sum_j p_ij w_ij (y_i - y_j), the attraction */
    double *far;     /* [dims, n]: sum_j w_ij^2 (y_i - y_j), the repulsion, yet to be divided by the total */
    double *weight;  /* [n]: sum_{j != i} w_ij */
    double *loss;    /* [n]: sum_j p_ij ln(p_ij / w_ij) */
    double total;    /* sum of weight */
} tg_tsne_map;

/* Allocates a map. */
tg_status tg_tsne_init_map(tg_tsne_map *map, const double *p, int64_t n, int dims, const tg_allocator *a,
                           const char *who, tg_error *err);
void tg_tsne_finish_map(tg_tsne_map *map, const tg_allocator *a);

/* Computes near, far, weight and total from y. */
void tg_tsne_find_forces(tg_tsne_map *map);

/* Element k, of [dims, n], of the gradient with p times `exaggeration`, from the forces. */
static inline double tg_tsne_slope(const tg_tsne_map *map, int64_t k, double exaggeration)
{
    return 4 * (exaggeration * map->near[k] - map->far[k] / map->total);
}

/* The divergence, once the forces are computed. */
double tg_tsne_divergence(tg_tsne_map *map);

#endif
