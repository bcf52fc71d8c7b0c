/* rows.h - losses: one term for each row or element. Rows are divided among the threads; the terms are returned, summed or
   averaged. */
#ifndef TG_ROWS_H
#define TG_ROWS_H

#include "ops/elementwise.h"

#ifdef TG_VECTOR_PASS
#include "ops/vline.h"

/* A loss's loop gives l->rows terms; where out_row is 0, their sum, as a double. LOSS2 makes one of an elementwise
   formula, of two inputs whose rows are elements; `wide` is the same on doubles. */
typedef vec loss_formula(vec x, vec y);
typedef double loss_in_double(double x, double y);

/* The sum in double, for terms or partial sums that left the range of `real`. */
static __attribute__((noinline)) double loss_again(const tg_loop *l, loss_in_double *wide)
{
    const real *x = l->in[0], *y = l->in[1];
    double sum = 0;
    for (int64_t i = 0; i < l->rows; i++)
        sum += wide((double)x[i], (double)y[i]);
    return sum;
}

VLINE_INLINE void loss_of_elements(const tg_loop *l, loss_formula *f, loss_in_double *wide)
{
    const vline s = vline_along(l, 0, l->rows);
    total t = { .n = 0 };
    for (int64_t i = 0; i < s.steps; i++) {
        const vec term = f(vline_load(&s, l->in[0], i, 0), vline_load(&s, l->in[1], i, 0));
        if (l->out_row)
            vline_store(&s, l->out, i, term);
        else
            total_add(&t, i + 1 < s.steps ? term : v_select(first_lanes(s.last), term, v_set(0)));
    }
    if (l->out_row)
        return;
    const double sum = total_of(&t);
    *(double *)l->out = isfinite(sum) ? sum : loss_again(l, wide);
}

#define LOSS2(name, x, y, formula, wide)                                                                             \
    static inline vec loss_##name(vec x, vec y)                                                                      \
    {                                                                                                                \
        return formula;                                                                                              \
    }                                                                                                                \
    static double wide_##name(double x, double y)                                                                    \
    {                                                                                                                \
        return wide;                                                                                                 \
    }                                                                                                                \
    ROWS(name)                                                                                                       \
    {                                                                                                                \
        loss_of_elements(l, loss_##name, wide_##name);                                                               \
    }

#else

/* Runs a loop over its l->rows rows, cut into tasks; l->attributes advances by `attribute` bytes a row. Modifies *l. */
void tg_rows_run(const tg_call *call, enum tg_op_index loop, tg_loop *l, size_t attribute);

/* The shape rule: a scalar, or `each` for TG_NONE; an unknown reduction is the error. */
tg_status tg_shape_loss(tg_call *call, tg_reduction reduction, const tg_shape *each, tg_shape *out);

/* The forward: reduces the terms of all rows of `l` into the output. Modifies *l. */
tg_status tg_forward_loss(tg_call *call, enum tg_op_index loop, tg_loop *l, size_t attribute, tg_reduction reduction);

/* The weight of each of n terms in the result. */
double tg_loss_weight(tg_reduction reduction, int64_t n);

/* The shape rule and forward of a loss of two inputs of one shape, with a term for each element; its attribute is the
   reduction. */
tg_status tg_shape_loss_of_elements(tg_call *call, tg_shape *out);
tg_status tg_forward_loss_of_elements(tg_call *call);

#define TG_LOSS_OF_ELEMENTS(op_name)                                                                                 \
    .name = #op_name, .arity = 2, .order = TG_ORDER_ANY, .shape = tg_shape_loss_of_elements,                         \
    .forward = tg_forward_loss_of_elements, .data = TG_MAP(op_name, 0)

/* For samples. */
#define TG_REDUCED_BY(which) .attributes = &(const tg_reduction){ which }, .attribute_bytes = sizeof(tg_reduction)

#endif
#endif
