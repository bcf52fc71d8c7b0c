/* trace.c - the values between inputs and outputs, and by how much the rounding of each reaches the outputs. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "check/check.h"
#include "core/tape.h"
#include "tapegrad/grad.h"

/* Leaves are exact, and what no gradient can flow to is the same at every step. */
static bool is_traced(const tg_node *n)
{
    return (n->flags & TG_NODE_NEEDS_GRAD) && n->n_inputs > 0 && n->value;
}

static tg_status take_room(tg_checker *c)
{
    tg_trace *t = &c->trace;
    const tg_tape *tape = c->exact.tape;
    for (uint32_t id = 1; id <= tape->count; id++)
        if (is_traced(tg_node_at(tape, id))) {
            t->n++;
            t->n_values += tg_node_at(tape, id)->extent->size;
        }
    t->ids = tg_check_room(c, t->n, sizeof *t->ids);
    t->values = t->ids ? tg_check_room(c, t->n_values, 3 * sizeof *t->values) : NULL;
    if (!t->values)
        return TG_ERR_MEMORY;
    t->reach = t->values + t->n_values; /* and room for one node's cotangents */
    return TG_OK;
}

static void take_values(tg_checker *c, tg_tensor *nodes)
{
    tg_trace *t = &c->trace;
    tg_tape *tape = c->exact.tape;
    double *next = t->values;
    const uint32_t count = tape->count;
    for (uint32_t id = 1, i = 0; id <= count; id++) {
        const tg_node *n = tg_node_at(tape, id);
        if (!is_traced(n))
            continue;
        memcpy(next, n->value, (size_t)n->extent->size * sizeof *next);
        next += n->extent->size;
        t->ids[i] = id;
        nodes[i++] = tg_handle(tape, id);
    }
}

/* Adds to t->reach the cotangents that y's hands on. */
static tg_status add_cotangents(tg_checker *c, tg_tensor y, const double *weights, const tg_tensor *nodes,
                                tg_tensor *gradients)
{
    tg_trace *t = &c->trace;
    double *reach = t->reach, *scratch = t->reach + t->n_values;
    tg_status status = tg_grad(y, tg_constant_f64(y.tape, tg_shape_of(y), weights), nodes, t->n, gradients, 0);
    for (int i = 0; i < t->n && status == TG_OK; i++) {
        const int64_t n = tg_size(nodes[i]);
        status = tg_read_f64(gradients[i], scratch, n);
        for (int64_t j = 0; j < n; j++)
            reach[j] += scratch[j];
        reach += n;
    }
    return status;
}

/* The root of the sum of squares; of what is too large or small for squares, the largest. */
static double root_of(double squares, double largest)
{
    return isfinite(squares) && squares > DBL_MIN ? sqrt(squares) : largest;
}

static void weigh(tg_trace *t)
{
    double squares = 0, largest = 0;
    for (int64_t j = 0; j < t->n_values; j++) {
        const double r = fabs(t->reach[j] * t->values[j]);
        t->reach[j] = isfinite(r) ? r : 0;
        squares += t->reach[j] * t->reach[j];
        largest = fmax(largest, t->reach[j]);
    }
    t->whole = root_of(squares, largest);
}

/* Where a caller's gradient is checked, the library's own may not exist: then every value counts as it is. */
static void count_all(tg_checker *c)
{
    tg_tape_reset(c->exact.tape);
    for (int64_t j = 0; j < c->trace.n_values; j++)
        c->trace.reach[j] = 1;
}

tg_status tg_check_trace(tg_checker *c)
{
    tg_status status = take_room(c);
    tg_tensor *nodes = status == TG_OK ? tg_check_room(c, c->trace.n, 2 * sizeof *nodes) : NULL;
    if (!nodes)
        return TG_ERR_MEMORY;
    take_values(c, nodes);
    const double *weights = c->weights;
    for (int k = 0; k < c->n_outputs && status == TG_OK; k++) {
        if (tg_needs_grad(c->outputs[k]))
            status = add_cotangents(c, c->outputs[k], weights, nodes, nodes + c->trace.n);
        weights += tg_size(c->outputs[k]);
    }
    if (status != TG_OK && status != TG_ERR_MEMORY && c->config.gradient) {
        count_all(c);
        status = TG_OK;
    } else if (status != TG_OK)
        status = tg_check_settle(c, c->exact.tape);
    weigh(&c->trace);
    return status;
}

/* The node of a trace at which the walk over it is, or NULL: another graph than at the origin. */
static const tg_node *node_at(const tg_checker *c, int i, int64_t at)
{
    const tg_trace *t = &c->trace;
    const tg_node *n = t->ids[i] <= c->exact.tape->count ? tg_node_at(c->exact.tape, t->ids[i]) : NULL;
    return n && is_traced(n) && n->extent->size <= t->n_values - at ? n : NULL;
}

double tg_check_reach(const tg_checker *c)
{
    const tg_trace *t = &c->trace;
    double squares = 0, largest = 0;
    int64_t at = 0;
    for (int i = 0; i < t->n; i++) {
        const tg_node *n = node_at(c, i, at);
        if (!n)
            return t->whole;
        const double *now = n->value;
        for (const int64_t end = at + n->extent->size; at < end; at++)
            if (*now++ != t->values[at]) {
                squares += t->reach[at] * t->reach[at];
                largest = fmax(largest, t->reach[at]);
            }
    }
    return largest > 0 ? root_of(squares, largest) : t->whole; /* none moved: the step may be too small */
}

/* Kinks ----------------------------------------------------------------------------------------------------------- */

/* Adds `factor` times the values of what was built last. */
static void add_values(const tg_checker *c, double factor, double *sum)
{
    const tg_trace *t = &c->trace;
    int64_t at = 0;
    for (int i = 0; i < t->n; i++) {
        const tg_node *n = node_at(c, i, at);
        if (!n)
            return;
        const double *now = n->value;
        for (const int64_t end = at + n->extent->size; at < end; at++)
            sum[at] += factor * *now++;
    }
}

static double largest_of(const tg_node *n)
{
    const double *x = n->value;
    double largest = 0;
    for (int64_t i = 0; i < n->extent->size; i++)
        largest = fmax(largest, fabs(x[i]));
    return largest;
}

/* At a kink the second difference is of the size of the first, and halves with the step, where that of a smooth function
   is quartered. What was built last is the point itself, of which rounding shows no kinks. */
static bool find_kink(const tg_checker *c, const double *first, const double *half, const double *whole)
{
    int64_t at = 0;
    for (int i = 0; i < c->trace.n; i++) {
        const tg_node *n = node_at(c, i, at);
        if (!n)
            return false;
        const double rounding = 1e3 * DBL_EPSILON * largest_of(n);
        for (const int64_t end = at + n->extent->size; at < end; at++) {
            const double second = fabs(half[at]);
            if (second > rounding && second > 0.05 * fabs(first[at]) && fabs(whole[at]) < 3 * second)
                return true;
        }
    }
    return false;
}

tg_status tg_check_kinked(tg_checker *c, const tg_probe *p, bool *kinked)
{
    static const struct {
        double t, in_first, in_half, in_whole;
    } steps[] = {
        { 0x1p-20, 0, 0, 1 }, { -0x1p-20, 0, 0, 1 }, { 0x1p-21, 1, 1, 0 }, { -0x1p-21, -1, 1, 0 }, { 0, 0, -2, -2 }
    };
    tg_trace *t = &c->trace;
    if (!t->differences)
        t->differences = tg_check_room(c, t->n_values, 3 * sizeof *t->differences);
    if (!t->differences)
        return TG_ERR_MEMORY;
    double *first = t->differences, *half = first + t->n_values, *whole = half + t->n_values;
    memset(first, 0, (size_t)t->n_values * 3 * sizeof *first);
    const double unit = tg_check_scale(p->input, p->index) / tg_check_unit(c, p->input, p->index);
    tg_status status = TG_OK;
    for (int k = 0; k < 5 && status == TG_OK; k++) {
        tg_check_move(c, p, steps[k].t * unit);
        status = tg_check_values(c, c->moved);
        tg_check_move(c, p, 0);
        add_values(c, steps[k].in_first, first);
        add_values(c, steps[k].in_half, half);
        add_values(c, steps[k].in_whole, whole);
    }
    *kinked = status == TG_OK && find_kink(c, first, half, whole);
    return status;
}
