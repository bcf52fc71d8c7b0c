/* isa_neon.h - NEON of aarch64: vectors of 16 bytes with a fused multiply-add. */
#ifndef TG_ISA_NEON_H
#define TG_ISA_NEON_H

#include <arm_neon.h>

typedef real vec __attribute__((vector_size(16)));
#define LANES_float  4
#define LANES_double 2
#define TILE_ROWS    8 /* of a tile of the matrix product, which fills the registers */
#define TILE_VECS    3

/* The first operand of a product is copied only if the product is large. */
#define COPY_BY_COLUMNS INT64_MAX
#define COPY_BY_ROWS    INT64_MAX
#define COPY_DEPTH      400

#define VMATH_CORE "kernels/vmath_portable.h"
#define v_scale    v_scale_in_two

#define v_square_rest(x, square) v_fma(x, x, -(square))
#define v_any                    v_any_by_lanes

/* N(vaddq) is vaddq_f32 or vaddq_f64, NV the vector type that it takes. */
#define N_float(name)  name##_f32
#define N_double(name) name##_f64
#define N(name)        TG_PASTE(N_, TG_REAL)(name)
#define NV_float       float32x4_t
#define NV_double      float64x2_t
#define NV             TG_PASTE(NV_, TG_REAL)

static inline vec v_fma(vec a, vec b, vec c)
{
    return (vec)N(vfmaq)((NV)c, (NV)a, (NV)b);
}

static inline vec v_sqrt(vec x)
{
    return (vec)N(vsqrtq)((NV)x);
}

static inline vec v_max(vec a, vec b)
{
    return (vec)N(vbslq)(N(vcgtq)((NV)a, (NV)b), (NV)a, (NV)b);
}

static inline vec v_min(vec a, vec b)
{
    return (vec)N(vbslq)(N(vcltq)((NV)a, (NV)b), (NV)a, (NV)b);
}

static inline vec v_load_n(const real *p, int64_t n)
{
    vec x = { 0 };
    for (int i = 0; i < n; i++)
        x[i] = p[i];
    return x;
}

static inline void v_store_n(real *p, vec x, int64_t n)
{
    for (int i = 0; i < n; i++)
        p[i] = x[i];
}

#endif
