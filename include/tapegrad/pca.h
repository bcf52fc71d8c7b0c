/* pca.h - principal component analysis, and the symmetric eigen-solver under it. */
#ifndef TAPEGRAD_PCA_H
#define TAPEGRAD_PCA_H

#include "data.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The mean of a set's rows, and the `components` directions along which they vary most: the eigenvectors of their
   covariance C = X^T X / (n - 1), X the rows minus their mean, with the largest eigenvalues. All in double, whatever the
   set's dtype, and the same bits at every number of threads. (Jolliffe, Principal Component Analysis, 2002; what numpy and
   scikit-learn call a full PCA, without whitening.)

       tg_pca *pca = tg_pca_create(&train, 640, NULL, &err);
       tg_dataset small = { .dtype = TG_F32 }, small_test = { .dtype = TG_F32 };
       if (!pca || tg_pca_apply(pca, &train, &small, &err) || tg_pca_apply(pca, &test, &small_test, &err)) ...
       tg_pca_destroy(pca); */
typedef struct tg_pca tg_pca;

/* Fits on a set, which is not changed. 1 <= components <= min(n - 1, features), since n rows vary along n - 1 directions, else
   TG_ERR_RANGE; a set of one row has no components. Features may be constant. NULL and *err on failure: a NULL or empty
   set, numbers that are not finite or whose squares are not (TG_ERR_RANGE), no memory. During the call it needs about
   8 (2 features + components) features bytes; the set is read in parts. allocator: copied; NULL for the C library. */
TG_API tg_pca *tg_pca_create(const tg_dataset *set, int64_t components, const tg_allocator *allocator, tg_error *err);
TG_API void tg_pca_destroy(tg_pca *pca); /* takes NULL */

/* Fills the empty set `out`, in its own dtype, with the coordinates of a set's rows along the axes:
   out->x [n, components] = (x - mean) axes^T, in the same order; labels and classes are copied. The inverse is
   x = mean + out axes, exact up to rounding if components is features. Another number of features is TG_ERR_SHAPE; the
   other errors are those of every function that fills a set. */
TG_API tg_status tg_pca_apply(const tg_pca *pca, const tg_dataset *set, tg_dataset *out, tg_error *err);

/* The result of the fit; the pca owns the arrays. 0 or NULL for NULL. */
TG_API int64_t tg_pca_components(const tg_pca *pca);
TG_API int64_t tg_pca_features(const tg_pca *pca);
TG_API const double *tg_pca_mean(const tg_pca *pca); /* [features] */
TG_API const double *tg_pca_axes(const tg_pca *pca); /* [components, features]; unit vectors, orthogonal; the
                                                        component of the largest magnitude is positive */
TG_API const double *
tg_pca_variances(const tg_pca *pca); /* [components], along the axes, divisor n - 1; descending, >= 0 */

/* [components]: each variance divided by the total variance, the sum over all features. The ratios of all components sum to
   1; those of some say how much of the variance they keep. 0 where the total is 0. */
TG_API const double *tg_pca_ratios(const tg_pca *pca);

/* The k largest eigenvalues, in descending order, and their unit eigenvectors, the rows of vectors [k, n], of a symmetric
   matrix a [n, n]. The component of a vector with the largest magnitude, the first of those, is positive; equal
   eigenvalues have any orthonormal basis. vectors may be NULL: only the values, which is faster. a is not changed; it must
   be symmetric to 1e-10 of its largest number, and its upper triangle is used.

   Householder reduction to tridiagonal form, QL with implicit Wilkinson shifts, and the rotations and reflections applied
   to the requested vectors only (Golub and Van Loan, Matrix Computations, 8.3; Parlett, The Symmetric Eigenvalue Problem,
   chapters 7 and 8). Errors of the values, and residuals |a v - value v|, are some units of 2^-53 times n times the
   largest |value|. The vectors' deviation from orthonormality is some units of 2^-53 times n, also where values are equal
   or zero. Work of order n^3; memory about 22 n^2 bytes with vectors, and 8 k n.

   TG_ERR_ARGUMENT for NULL and for a matrix that is not symmetric; TG_ERR_SHAPE for a size that overflows; TG_ERR_RANGE
   unless 1 <= k <= n and for numbers that are not finite; TG_ERR_MEMORY. On failure values and vectors are unset. */
TG_API tg_status tg_symmetric_eigen(const double *a, int64_t n, int64_t k, double *values, double *vectors,
                                    const tg_allocator *allocator, tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
