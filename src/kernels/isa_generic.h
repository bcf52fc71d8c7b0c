/* isa_generic.h - any machine: vectors of 16 bytes in terms of the compiler's vector extensions. */
#ifndef TG_ISA_GENERIC_H
#define TG_ISA_GENERIC_H

typedef real vec __attribute__((vector_size(16)));
#define LANES_float  4
#define LANES_double 2
#define TILE_ROWS    4 /* of a tile of the matrix product, which fills the registers */
#define TILE_VECS    3

/* The first operand of a product is copied only if the product is large. */
#define COPY_BY_COLUMNS INT64_MAX
#define COPY_BY_ROWS    INT64_MAX
#define COPY_DEPTH      400

#define VMATH_CORE    "kernels/vmath_portable.h"
#define v_scale       v_scale_in_two
#define v_square_rest v_square_rest_by_halves
#define v_any         v_any_by_lanes
#define v_max         v_max_by_select
#define v_min         v_min_by_select
#define SQRT_float    sqrtf
#define SQRT_double   sqrt

/* Two roundings: emulating a single one would be slow. */
static inline vec v_fma(vec a, vec b, vec c)
{
    return a * b + c;
}

static inline vec v_sqrt(vec x)
{
    for (int i = 0; i < TG_PASTE(LANES_, TG_REAL); i++)
        x[i] = TG_PASTE(SQRT_, TG_REAL)(x[i]);
    return x;
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
