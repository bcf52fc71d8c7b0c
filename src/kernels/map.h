/* map.h - macros for the vector pass of an operation's file: they turn an elementwise formula into a loop.

       MAP1(tanh, x, v_tanh(x))                        y = f(x)
       MAP2(mul, a, b, a * b)                          z = f(a, b)
       MAP3(...)                                       likewise
       MAP3_SELDOM(name, a, b, c, test, exact, usual)  `exact` where `test` of a and b is set, else `usual`, which does not use c
   A formula is an expression on vectors; p0 and p1 are the numbers that the operation passes. Comparisons yield masks for
   v_select. In a tail of fewer than VL elements the unused lanes are zeros, on which a formula must not trap. */
#ifndef TG_MAP_H
#define TG_MAP_H

#include "kernels/vec.h"

#define TG_LOOP_SYMBOL(name) TG_PASTE(tg_loop_##name##_, TG_TABLE)

typedef vec map_formula(vec a, vec b, vec c, vec p0, vec p1);
typedef mask map_test(vec a, vec b);

/* One input along a row: where the next vector is, and the distance to the one after it. A single number is broadcast to a
   vector in memory, which is read at every step. */
typedef struct operand {
    const real *p;
    int64_t step;
} operand;

INLINE operand operand_of(const tg_loop *l, int i, int64_t r, vec *broadcast)
{
    const real *p = (const real *)l->in[i] + r * l->row[i];
    if (l->col[i] != 0)
        return (operand){ p, VL };
    *broadcast = v_set(*p);
    return (operand){ (const real *)broadcast, 0 };
}

INLINE void map_row(int64_t n, int arity, operand *x, real *y, const vec *p, map_formula *f)
{
    enum { UNROLLED = 2 };
    vec in[UNROLLED][3] = { { { 0 } } };
    for (; n >= UNROLLED * VL; n -= UNROLLED * VL, y += UNROLLED * VL) {
        EACH (u, UNROLLED)
            EACH (i, arity) {
                in[u][i] = v_load(x[i].p);
                x[i].p += x[i].step;
            }
        EACH (u, UNROLLED)
            v_store(y + u * VL, f(in[u][0], in[u][1], in[u][2], p[0], p[1]));
    }
    for (; n > 0; n -= VL, y += VL) {
        EACH (i, arity) {
            in[0][i] = n >= VL ? v_load(x[i].p) : v_load_n(x[i].p, n);
            x[i].p += x[i].step;
        }
        const vec result = f(in[0][0], in[0][1], in[0][2], p[0], p[1]);
        if (n >= VL)
            v_store(y, result);
        else
            v_store_n(y, result, n);
    }
}

/* c is read only where the test is set in a lane of the vector. */
INLINE void map_row_tested(int64_t n, operand *x, real *y, const vec *p, map_test *test, map_formula *exact,
                           map_formula *usual)
{
    for (; n > 0; n -= VL, y += VL) {
        const vec a = take(x[0].p, 0, n), b = take(x[1].p, 0, n);
        const mask rare = test(a, b);
        vec result = usual(a, b, a, p[0], p[1]);
        if (v_any(rare))
            result = v_select(rare, exact(a, b, take(x[2].p, 0, n), p[0], p[1]), result);
        put(y, 0, n, result);
        EACH (i, 3)
            x[i].p += x[i].step;
    }
}

/* Whether all rows are contiguous in memory, as if they were one. */
INLINE bool is_flat(const tg_loop *l, int arity)
{
    bool flat = l->out_row == l->cols;
    for (int i = 0; i < arity; i++)
        flat &= l->row[i] == l->cols * l->col[i];
    return flat;
}

#define MAP_NUMBERS(l)                                                                                               \
    {                                                                                                                \
        v_set((real)(l)->p[0]), v_set((real)(l)->p[1])                                                               \
    }

/* One element; its strides need not be set. */
INLINE void map_one(const tg_loop *l, int arity, map_formula *f)
{
    const vec p[] = MAP_NUMBERS(l);
    vec x[3];
    EACH (i, 3)
        x[i] = v_set(*(const real *)l->in[i < arity ? i : 0]);
    *(real *)l->out = f(x[0], x[1], x[2], p[0], p[1])[0];
}

INLINE void map_rows(const tg_loop *l, int arity, map_formula *f)
{
    const vec p[] = MAP_NUMBERS(l);
    const bool flat = l->rows == 1 || is_flat(l, arity);
    const int64_t rows = flat ? 1 : l->rows, cols = flat ? l->rows * l->cols : l->cols;
    for (int64_t r = 0; r < rows; r++) {
        vec broadcast[3];
        operand x[3];
        EACH (i, arity)
            x[i] = operand_of(l, i, r, &broadcast[i]);
        map_row(cols, arity, x, (real *)l->out + r * l->out_row, p, f);
    }
}

INLINE void map_rows_tested(const tg_loop *l, map_test *test, map_formula *exact, map_formula *usual)
{
    const vec p[] = MAP_NUMBERS(l);
    const bool flat = l->rows == 1 || is_flat(l, 3);
    const int64_t rows = flat ? 1 : l->rows, cols = flat ? l->rows * l->cols : l->cols;
    for (int64_t r = 0; r < rows; r++) {
        vec broadcast[3];
        operand x[3];
        EACH (i, 3)
            x[i] = operand_of(l, i, r, &broadcast[i]);
        map_row_tested(cols, x, (real *)l->out + r * l->out_row, p, test, exact, usual);
    }
}

#define MAP_UNUSED(a, b) (void)a, (void)b, (void)p0, (void)p1
#define MAP_LOOP(name, arity)                                                                                        \
    tg_loop_fn TG_LOOP_SYMBOL(name);                                                                                 \
    void TG_LOOP_SYMBOL(name)(const tg_loop *l)                                                                      \
    {                                                                                                                \
        if (l->rows == 1 && l->cols == 1)                                                                            \
            map_one(l, arity, map_##name);                                                                           \
        else                                                                                                         \
            map_rows_##name(l);                                                                                      \
    }
#define MAP_(name, arity, a, b, c, formula)                                                                          \
    static inline vec map_##name(vec a, vec b, vec c, vec p0, vec p1)                                                \
    {                                                                                                                \
        MAP_UNUSED(b, c);                                                                                            \
        return formula;                                                                                              \
    }                                                                                                                \
    static __attribute__((noinline)) void map_rows_##name(                                                           \
        const tg_loop *l) /* not inlined into the code for one element */                                            \
    {                                                                                                                \
        map_rows(l, arity, map_##name);                                                                              \
    }                                                                                                                \
    MAP_LOOP(name, arity)
#define MAP1(name, a, formula)       MAP_(name, 1, a, unused_b, unused_c, formula)
#define MAP2(name, a, b, formula)    MAP_(name, 2, a, b, unused_c, formula)
#define MAP3(name, a, b, c, formula) MAP_(name, 3, a, b, c, formula)

#define MAP3_SELDOM(name, a, b, c, test, exact, usual)                                                               \
    static inline mask test_##name(vec a, vec b)                                                                     \
    {                                                                                                                \
        (void)a, (void)b;                                                                                            \
        return test;                                                                                                 \
    }                                                                                                                \
    static inline vec exact_##name(vec a, vec b, vec c, vec p0, vec p1)                                              \
    {                                                                                                                \
        (void)a, (void)b, (void)p0, (void)p1;                                                                        \
        return exact;                                                                                                \
    }                                                                                                                \
    static inline vec usual_##name(vec a, vec b, vec c, vec p0, vec p1)                                              \
    {                                                                                                                \
        (void)c, (void)p0, (void)p1;                                                                                 \
        return usual;                                                                                                \
    }                                                                                                                \
    static inline vec map_##name(vec a, vec b, vec c, vec p0, vec p1)                                                \
    {                                                                                                                \
        const mask rare = test_##name(a, b);                                                                         \
        vec result = usual_##name(a, b, c, p0, p1);                                                                  \
        if (v_any(rare))                                                                                             \
            result = v_select(rare, exact_##name(a, b, c, p0, p1), result);                                          \
        return result;                                                                                               \
    }                                                                                                                \
    static __attribute__((noinline)) void map_rows_##name(const tg_loop *l)                                          \
    {                                                                                                                \
        map_rows_tested(l, test_##name, exact_##name, usual_##name);                                                 \
    }                                                                                                                \
    MAP_LOOP(name, 3)

/* A loop that is not elementwise: ROWS(sum) { ... } is a function of `const tg_loop *l`. */
#define ROWS(name)                                                                                                   \
    tg_loop_fn TG_LOOP_SYMBOL(name);                                                                                 \
    void TG_LOOP_SYMBOL(name)(const tg_loop *l)

#endif
