/* map.h - what the vector pass of an operation's file is written in: an elementwise formula becomes a loop.

       MAP1(tanh, x, v_tanh(x))                        y = f(x)
       MAP2(tanh_grad, y, g, g * (1 - y * y))          z = f(y, g)
       MAP3(...)                                       likewise
   A formula is an expression on vectors; p0 .. p3 are the numbers that the operation passes. Comparisons give masks for
   v_select. Formulas with a tail of fewer than VL elements see zeros in the unused lanes and must not trap on them. */
#ifndef TG_MAP_H
#define TG_MAP_H

#include "kernels/vec.h"

#define TG_LOOP_SYMBOL(name) TG_PASTE(tg_loop_##name##_, TG_TABLE)

typedef vec map_formula(vec a, vec b, vec c, vec p0, vec p1, vec p2, vec p3);

static inline vec load_some(const real *p, int64_t col, int64_t j, int64_t n)
{
    return col == 0 ? v_set(*p) : n == VL ? v_load(p + j) : v_load_n(p + j, n);
}

static inline __attribute__((always_inline)) void map_rows(const tg_loop *l, int arity, map_formula *f)
{
    const vec p0 = v_set((real)l->p[0]), p1 = v_set((real)l->p[1]), p2 = v_set((real)l->p[2]),
              p3 = v_set((real)l->p[3]);
    if (l->rows == 1 && l->cols == 1) {
        const vec a = v_set(*(const real *)l->in[0]);
        const vec b = arity > 1 ? v_set(*(const real *)l->in[1]) : a;
        const vec c = arity > 2 ? v_set(*(const real *)l->in[2]) : a;
        *(real *)l->out = f(a, b, c, p0, p1, p2, p3)[0];
        return;
    }
    for (int64_t i = 0; i < l->rows; i++) {
        const real *a = (const real *)l->in[0] + i * l->row[0];
        const real *b = arity > 1 ? (const real *)l->in[1] + i * l->row[1] : a;
        const real *c = arity > 2 ? (const real *)l->in[2] + i * l->row[2] : a;
        real *y = (real *)l->out + i * l->out_row;
        for (int64_t j = 0; j < l->cols; j += VL) {
            int64_t n = l->cols - j < VL ? l->cols - j : VL;
            vec va = load_some(a, l->col[0], j, n);
            vec vb = arity > 1 ? load_some(b, l->col[1], j, n) : va;
            vec vc = arity > 2 ? load_some(c, l->col[2], j, n) : va;
            vec r = f(va, vb, vc, p0, p1, p2, p3);
            if (n == VL)
                v_store(y + j, r);
            else
                v_store_n(y + j, r, n);
        }
    }
}

#define MAP_UNUSED(a, b) (void)a, (void)b, (void)p0, (void)p1, (void)p2, (void)p3
#define MAP_(name, arity, a, b, c, formula)                                                                          \
    static inline vec map_##name(vec a, vec b, vec c, vec p0, vec p1, vec p2, vec p3)                                \
    {                                                                                                                \
        MAP_UNUSED(b, c);                                                                                            \
        return formula;                                                                                              \
    }                                                                                                                \
    tg_loop_fn TG_LOOP_SYMBOL(name);                                                                                 \
    void TG_LOOP_SYMBOL(name)(const tg_loop *l)                                                                      \
    {                                                                                                                \
        map_rows(l, arity, map_##name);                                                                              \
    }
#define MAP1(name, a, formula)       MAP_(name, 1, a, unused_b, unused_c, formula)
#define MAP2(name, a, b, formula)    MAP_(name, 2, a, b, unused_c, formula)
#define MAP3(name, a, b, c, formula) MAP_(name, 3, a, b, c, formula)

/* A loop that is no map: ROWS(sum) { ... } is a function of `const tg_loop *l`. */
#define ROWS(name)                                                                                                   \
    tg_loop_fn TG_LOOP_SYMBOL(name);                                                                                 \
    void TG_LOOP_SYMBOL(name)(const tg_loop *l)

#endif
