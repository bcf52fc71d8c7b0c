/* test_shape_ops.c - operations that only move elements: each element of the result and of the gradient has one source. */
#include "naive.h"

/* One call: its arguments, and the source of element i of its result. */
typedef struct move move;
struct move {
    const char *name;
    tg_tensor (*op)(const tg_tensor *x, int n, const void *m);
    int64_t (*source)(const move *m, int64_t i, int *input); /* the index of the element, and of its input */
    int n;
    array x[3];
    tg_shape y;
    int axis, axes[TG_MAX_RANK];
    int64_t start, stop;
    int32_t rows[8];
};

/* The calls -------------------------------------------------------------------------------------------------------- */

static int from_start(const move *m)
{
    return m->axis < 0 ? m->axis + m->y.rank : m->axis;
}

static tg_tensor permute(const tg_tensor *x, int n, const void *m)
{
    (void)n;
    return tg_permute(x[0], ((const move *)m)->axes);
}

static int64_t permute_source(const move *m, int64_t i, int *input)
{
    int64_t at[TG_MAX_RANK], in[TG_MAX_RANK];
    position_of(&m->y, i, at);
    for (int d = 0; d < m->y.rank; d++)
        in[m->axes[d] < 0 ? m->axes[d] + m->y.rank : m->axes[d]] = at[d];
    *input = 0;
    return index_of(&m->x[0].shape, in);
}

static tg_tensor transpose(const tg_tensor *x, int n, const void *m)
{
    (void)n, (void)m;
    return tg_transpose(x[0]);
}

static tg_tensor slice(const tg_tensor *x, int n, const void *context)
{
    (void)n;
    const move *m = context;
    return tg_slice(x[0], m->axis, m->start, m->stop);
}

static int64_t slice_source(const move *m, int64_t i, int *input)
{
    int64_t at[TG_MAX_RANK];
    position_of(&m->y, i, at);
    const int axis = from_start(m);
    at[axis] += m->start < 0 ? m->start + m->x[0].shape.dims[axis] : m->start;
    *input = 0;
    return index_of(&m->x[0].shape, at);
}

static tg_tensor concat(const tg_tensor *x, int n, const void *m)
{
    return tg_concat(x, n, ((const move *)m)->axis);
}

static int64_t concat_source(const move *m, int64_t i, int *input)
{
    int64_t at[TG_MAX_RANK];
    position_of(&m->y, i, at);
    const int axis = from_start(m);
    for (*input = 0; at[axis] >= m->x[*input].shape.dims[axis]; ++*input)
        at[axis] -= m->x[*input].shape.dims[axis];
    return index_of(&m->x[*input].shape, at);
}

static tg_tensor gather(const tg_tensor *x, int n, const void *context)
{
    (void)n;
    const move *m = context;
    return tg_gather_rows(x[0], m->rows, m->y.dims[0]);
}

static int64_t gather_source(const move *m, int64_t i, int *input)
{
    int64_t at[TG_MAX_RANK];
    position_of(&m->y, i, at);
    at[0] = m->rows[at[0]];
    *input = 0;
    return index_of(&m->x[0].shape, at);
}

static tg_tensor broadcast(const tg_tensor *x, int n, const void *m)
{
    (void)n;
    return tg_broadcast_to(x[0], ((const move *)m)->y);
}

static int64_t broadcast_source(const move *m, int64_t i, int *input)
{
    int64_t at[TG_MAX_RANK];
    const tg_shape *s = &m->x[0].shape;
    const int more = m->y.rank - s->rank;
    position_of(&m->y, i, at);
    for (int d = 0; d < s->rank; d++)
        at[more + d] = s->dims[d] == 1 ? 0 : at[more + d];
    *input = 0;
    return index_of(s, at + more);
}

static tg_tensor reshape(const tg_tensor *x, int n, const void *m)
{
    (void)n;
    return tg_reshape(x[0], ((const move *)m)->y);
}

static int64_t reshape_source(const move *m, int64_t i, int *input)
{
    (void)m;
    *input = 0;
    return i;
}

/* Drawing them ----------------------------------------------------------------------------------------------------- */

enum { PERMUTE, TRANSPOSE, SLICE, CONCAT, GATHER, BROADCAST, RESHAPE, KINDS };

static int64_t below(tg_rng *rng, int64_t n)
{
    return (int64_t)tg_rng_below(rng, (uint64_t)n);
}

static void draw_permute(tg_rng *rng, move *m)
{
    int64_t order[TG_MAX_RANK];
    const tg_shape s = m->y;
    tg_rng_permutation(rng, order, s.rank);
    for (int d = 0; d < s.rank; d++) {
        m->y.dims[d] = s.dims[order[d]];
        m->axes[d] = (int)order[d] - (below(rng, 2) ? s.rank : 0);
    }
}

static void draw_transpose(tg_rng *rng, move *m)
{
    (void)rng;
    for (int d = 0; d < m->y.rank; d++)
        m->axes[d] = d;
    m->axes[m->y.rank - 1] = m->y.rank - 2;
    m->axes[m->y.rank - 2] = m->y.rank - 1;
    m->y.dims[m->y.rank - 1] = m->x[0].shape.dims[m->y.rank - 2];
    m->y.dims[m->y.rank - 2] = m->x[0].shape.dims[m->y.rank - 1];
}

static void draw_slice(tg_rng *rng, move *m)
{
    m->axis = (int)below(rng, m->y.rank);
    const int64_t size = m->y.dims[m->axis], start = below(rng, size + 1),
                  stop = start + below(rng, size - start + 1);
    m->y.dims[m->axis] = stop - start;
    m->start = start < size && below(rng, 2) ? start - size : start;
    m->stop = stop < size && below(rng, 2) ? stop - size : stop;
    m->axis -= below(rng, 2) ? m->y.rank : 0;
}

static void draw_concat(tg_rng *rng, move *m)
{
    m->n = 3;
    m->axis = (int)below(rng, m->y.rank);
    for (int i = 1; i < 3; i++) {
        tg_shape s = m->x[0].shape;
        s.dims[m->axis] = below(rng, 3);
        m->x[i] = random_array(rng, s, -1, 1);
        m->y.dims[m->axis] += s.dims[m->axis];
    }
    m->axis -= below(rng, 2) ? m->y.rank : 0;
}

static void draw_gather(tg_rng *rng, move *m)
{
    const int64_t height = m->y.dims[0];
    m->y.dims[0] = height ? below(rng, 8) : 0;
    for (int64_t i = 0; i < m->y.dims[0]; i++)
        m->rows[i] = (int32_t)below(rng, height);
}

static void draw_broadcast(tg_rng *rng, move *m)
{
    tg_shape s = m->y; /* of x: some sizes 1, some leading axes gone */
    const int gone = (int)below(rng, s.rank + 1);
    s.rank -= gone;
    for (int d = 0; d < s.rank; d++)
        s.dims[d] = below(rng, 2) ? 1 : m->y.dims[d + gone];
    m->x[0] = random_array(rng, s, -1, 1);
}

static void draw_reshape(tg_rng *rng, move *m)
{
    (void)rng;
    m->y = m->x[0].size % 2 == 0 ? TG_SHAPE(2, 1, m->x[0].size / 2) : TG_SHAPE(m->x[0].size);
}

static const struct kind {
    const char *name;
    tg_tensor (*op)(const tg_tensor *x, int n, const void *m);
    int64_t (*source)(const move *m, int64_t i, int *input);
    void (*draw)(tg_rng *rng, move *m);
    int least_rank;
} kinds[] = {
    [PERMUTE] = { "permute", permute, permute_source, draw_permute, 0 },
    [TRANSPOSE] = { "transpose", transpose, permute_source, draw_transpose, 2 },
    [SLICE] = { "slice", slice, slice_source, draw_slice, 1 },
    [CONCAT] = { "concat", concat, concat_source, draw_concat, 1 },
    [GATHER] = { "gather_rows", gather, gather_source, draw_gather, 1 },
    [BROADCAST] = { "broadcast_to", broadcast, broadcast_source, draw_broadcast, 0 },
    [RESHAPE] = { "reshape", reshape, reshape_source, draw_reshape, 0 },
};

static void draw(tg_rng *rng, int kind, int64_t most, move *m)
{
    const struct kind *k = &kinds[kind];
    const int rank = k->least_rank + (int)below(rng, 9 - k->least_rank);
    *m = (move){ .name = k->name, .op = k->op, .source = k->source, .n = 1 };
    m->x[0] = random_array(rng, random_shape(rng, rank, most), -1, 1);
    m->y = m->x[0].shape;
    k->draw(rng, m);
}

/* Values and gradients --------------------------------------------------------------------------------------------- */

static void check(const move *m, tg_dtype dtype)
{
    static array y, g;
    static double c[NAIVE_MOST], want[3][NAIVE_MOST];
    tg_tape *t = tg_tape_create(dtype);
    tg_tensor x[3];
    for (int i = 0; i < m->n; i++)
        x[i] = variable_of(t, &m->x[i]);
    const tg_tensor result = m->op(x, m->n, m);
    read_array(result, &y);
    same_shape(y.shape, m->y);
    memset(want, 0, sizeof want);
    for (int64_t i = 0; i < y.size; i++) {
        int input;
        const int64_t from = m->source(m, i, &input);
        near(y.v[i], m->x[input].v[from], 0, m->name, i);
        c[i] = (double)(i % 7) - 3; /* small whole numbers: sums are exact */
        want[input][from] += c[i];
    }
    assert_int_equal(tg_backward_from(result, tg_constant(t, m->y, c)), TG_OK);
    for (int i = 0; i < m->n; i++) {
        read_array(tg_grad_of(x[i]), &g);
        same_shape(g.shape, m->x[i].shape);
        near_all(&g, want[i], 0, m->name);
    }
    tg_tape_destroy(t);
}

static void each_element_has_its_source(void **state)
{
    (void)state;
    static move m;
    tg_rng rng = tg_rng_seed(11);
    for (int trial = 0; trial < 2100; trial++) {
        draw(&rng, trial % KINDS, 300, &m);
        check(&m, trial / KINDS % 2 ? TG_F64 : TG_F32);
    }
}

static void large_ones_too(void **state)
{
    (void)state;
    static move m;
    static const tg_shape shapes[] = { { 2, { 61, 67 } }, { 3, { 17, 35, 6 } }, { 4, { 9, 11, 4, 8 } } };
    tg_rng rng = tg_rng_seed(12);
    for (int trial = 0; trial < 60; trial++)
        for (int kind = 0; kind < KINDS; kind++) {
            m = (move){ .name = kinds[kind].name, .op = kinds[kind].op, .source = kinds[kind].source, .n = 1 };
            m.x[0] = random_array(&rng, shapes[trial % 3], -1, 1);
            m.y = m.x[0].shape;
            if (kind == CONCAT) /* three such tensors would be too large */
                continue;
            kinds[kind].draw(&rng, &m);
            check(&m, TG_F32);
        }
}

static void second_derivatives_meet_differences(void **state)
{
    (void)state;
    static move m;
    tg_rng rng = tg_rng_seed(13);
    for (int trial = 0; trial < 84; trial++) {
        draw(&rng, trial % KINDS, 8, &m);
        if (tg_shape_size(&m.y) > 0)
            check_gradients(m.op, &m, m.x, m.n, m.name);
    }
}

/* x is used twice: the second gradient of rows is accumulated into the first. */
static void parts_add_up(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    const double v[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    const tg_tensor x = tg_variable(t, TG_SHAPE(4, 2), v);
    const tg_tensor rows = tg_gather_rows(x, (int32_t[]){ 3, 3, 0 }, 3);
    const tg_tensor sum = tg_add(tg_sum(rows, TG_ALL, false), tg_sum(tg_slice(x, 0, 1, 4), TG_ALL, false));
    const tg_tensor all = tg_add(sum, tg_sum(tg_slice(tg_mul(x, x), 1, 0, 1), TG_ALL, false));
    array g;
    assert_int_equal(tg_backward(all), TG_OK);
    read_array(tg_grad_of(x), &g);
    near_all(&g, (double[]){ 1 + 2, 1, 1 + 6, 1, 1 + 10, 1, 3 + 14, 3 }, 0, "parts");
    tg_tape_destroy(t);
}

/* The same tensor may be twice in one concat; a node stores more than four inputs in another place. */
static void many_are_put_together(void **state)
{
    (void)state;
    enum { MANY = 300 };
    tg_tape *t = tg_tape_create(TG_F64);
    tg_tensor xs[MANY];
    const tg_tensor a = tg_variable(t, TG_SHAPE(2), ((double[]){ 1, 2 }));
    for (int i = 0; i < MANY; i++)
        xs[i] = a;
    array g;
    assert_int_equal(tg_backward(tg_sum(tg_concat(xs, MANY, 0), TG_ALL, false)), TG_OK);
    read_array(tg_grad_of(a), &g);
    near_all(&g, (double[]){ MANY, MANY }, 0, "concat");
    tg_tape_destroy(t);
}

static void row_numbers_are_copied(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
    int32_t rows[] = { 1, 1 };
    const tg_tensor x = tg_variable(t, TG_SHAPE(2), ((double[]){ 5, 7 })), y = tg_gather_rows(x, rows, 2);
    rows[0] = 0;
    array g;
    assert_int_equal(tg_backward(tg_sum(y, TG_ALL, false)), TG_OK);
    read_array(tg_grad_of(x), &g);
    near_all(&g, (double[]){ 0, 2 }, 0, "gather_rows");
    tg_tape_destroy(t);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    tg_tape *t = tg_tape_create(TG_F64);
#define M tg_full(t, TG_SHAPE(2, 3), 1)
#define S tg_full(t, TG_SCALAR, 1)
    refused(t, tg_transpose(tg_full(t, TG_SHAPE(3), 1)), TG_ERR_SHAPE,
            "transpose: [3]: rank 1 has no last two axes to swap; rank 2 or more has");
    refused(t, tg_permute(M, (int[]){ 0, 2 }), TG_ERR_SHAPE, "permute: [2, 3]: axis 2 is not in -2 .. 1");
    refused(t, tg_permute(M, (int[]){ 1, -1 }), TG_ERR_SHAPE,
            "permute: [2, 3]: axis 1 comes twice; each of the 2 axes must come once");
    refused(t, tg_permute(M, NULL), TG_ERR_ARGUMENT, "permute: [2, 3]: axes is NULL, not an order of 2 axes");
    refused(t, tg_slice(M, 1, 2, 4), TG_ERR_SHAPE,
            "slice: [2, 3]: 2 .. 4 is no part of axis 1; 0 <= start <= stop <= 3, or counted from the end");
    refused(t, tg_slice(M, -1, -4, 1), TG_ERR_SHAPE,
            "slice: [2, 3]: -4 .. 1 is no part of axis 1; 0 <= start <= stop <= 3, or counted from the end");
    refused(t, tg_slice(M, 0, 2, 1), TG_ERR_SHAPE,
            "slice: [2, 3]: 2 .. 1 is no part of axis 0; 0 <= start <= stop <= 2, or counted from the end");
    refused(t, tg_slice(M, 2, 0, 1), TG_ERR_SHAPE, "slice: [2, 3]: axis 2 is not in -2 .. 1");
    refused(t, tg_slice(S, 0, 0, 1), TG_ERR_SHAPE, "slice: []: a scalar has no axis; rank 1 or more has");
    refused(t, tg_concat((tg_tensor[]){ M, tg_full(t, TG_SHAPE(2, 4), 1) }, 2, 0), TG_ERR_SHAPE,
            "concat: [2, 3] x [2, 4]: input 1 differs from input 0 in more than axis 0");
    refused(t, tg_concat((tg_tensor[]){ M, tg_full(t, TG_SHAPE(2), 1) }, 2, 0), TG_ERR_SHAPE,
            "concat: [2, 3] x [2]: input 1 differs from input 0 in more than axis 0");
    refused(t, tg_concat((tg_tensor[]){ S, S }, 2, 0), TG_ERR_SHAPE,
            "concat: [] x []: scalars have no axis; reshape them to [1]");
    refused(t, tg_concat((tg_tensor[]){ M, M }, 2, -3), TG_ERR_SHAPE,
            "concat: [2, 3] x [2, 3]: axis -3 is not in -2 .. 1");
    refused(t, tg_concat((tg_tensor[]){ M, { 0 } }, 2, 0), TG_ERR_ARGUMENT, "concat: input 1 is the null tensor");
    assert_null(tg_concat(NULL, 2, 0).tape);
    assert_null(tg_concat((tg_tensor[]){ { 0 } }, 0, 0).tape);
    refused(t, tg_gather_rows(M, (int32_t[]){ 1, 2 }, 2), TG_ERR_RANGE,
            "gather_rows: [2, 3]: rows[1] is 2, not in 0 .. 1");
    refused(t, tg_gather_rows(M, (int32_t[]){ -1 }, 1), TG_ERR_RANGE,
            "gather_rows: [2, 3]: rows[0] is -1, not in 0 .. 1");
    refused(t, tg_gather_rows(M, NULL, 2), TG_ERR_ARGUMENT, "gather_rows: [2, 3]: rows is NULL, not 2 row numbers");
    refused(t, tg_gather_rows(M, (int32_t[]){ 0 }, -1), TG_ERR_ARGUMENT,
            "gather_rows: [2, 3]: -1 rows; 0 or more can be gathered");
    refused(t, tg_gather_rows(S, (int32_t[]){ 0 }, 1), TG_ERR_SHAPE,
            "gather_rows: []: a scalar has no rows; rank 1 or more has");
    refused(t, tg_broadcast_to(M, TG_SHAPE(3, 3)), TG_ERR_SHAPE,
            "broadcast_to: [2, 3]: it does not broadcast to [3, 3]");
    refused(t, tg_sum_to(M, TG_SHAPE(3, 3)), TG_ERR_SHAPE, "sum_to: [2, 3]: [3, 3] does not broadcast to its shape");
    refused(t, tg_reshape(M, TG_SHAPE(4, -1)), TG_ERR_SHAPE, "reshape: [2, 3]: its 6 elements do not make [4, -1]");
    tg_tape_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_element_has_its_source),
        cmocka_unit_test(large_ones_too),
        cmocka_unit_test(second_derivatives_meet_differences),
        cmocka_unit_test(parts_add_up),
        cmocka_unit_test(many_are_put_together),
        cmocka_unit_test(row_numbers_are_copied),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
