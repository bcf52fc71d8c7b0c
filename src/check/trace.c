/* trace.c - the values between inputs and outputs, and how much the rounding of each changes the outputs. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "check/check.h"
#include "core/tape.h"
#include "tapegrad/grad.h"

/* Leaves are exact; a node to which no gradient can flow is the same at every step. */
static bool is_traced(const tg_node *n)
{
    return (n->flags & TG_NODE_NEEDS_GRAD) && n->n_inputs > 0 && n->value;
}

static tg_status allocate_arrays(tg_checker *c)
{
    tg_trace *t = &c->trace;
    const tg_tape *tape = c->exact.tape;
    for (uint32_t id = 1; id <= tape->count; id++)
        if (is_traced(tg_node_at(tape, id))) {
            t->n++;
            t->n_values += tg_node_at(tape, id)->extent->size;
        }
    t->ids = tg_check_allocate(c, t->n, sizeof *t->ids);
    t->values = t->ids ? tg_check_allocate(c, t->n_values, 3 * sizeof *t->values) : NULL;
    if (!t->values)
        return TG_ERR_MEMORY;
    t->sensitivity = t->values + t->n_values; /* and space for one node's cotangents */
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

/* Adds to t->sensitivity the cotangents of the nodes that come from y's. */
static tg_status add_cotangents(tg_checker *c, tg_tensor y, const double *weights, const tg_tensor *nodes,
                                tg_tensor *gradients)
{
    tg_trace *t = &c->trace;
    double *sensitivity = t->sensitivity, *scratch = t->sensitivity + t->n_values;
    tg_status status = tg_grad(y, tg_constant_f64(y.tape, tg_shape_of(y), weights), nodes, t->n, gradients, 0);
    for (int i = 0; i < t->n && status == TG_OK; i++) {
        const int64_t n = tg_size(nodes[i]);
        status = tg_read_f64(gradients[i], scratch, n);
        for (int64_t j = 0; j < n; j++)
            sensitivity[j] += scratch[j];
        sensitivity += n;
    }
    return status;
}

/* The root of the sum of squares; the largest number where squares would be too large or too small. */
static double root_of(double squares, double largest)
{
    return isfinite(squares) && squares > DBL_MIN ? sqrt(squares) : largest;
}

static void finish_sensitivities(tg_trace *t)
{
    double squares = 0, largest = 0;
    for (int64_t j = 0; j < t->n_values; j++) {
        const double r = fabs(t->sensitivity[j] * t->values[j]);
        t->sensitivity[j] = isfinite(r) ? r : 0;
        squares += t->sensitivity[j] * t->sensitivity[j];
        largest = fmax(largest, t->sensitivity[j]);
    }
    t->norm = root_of(squares, largest);
}

/* Where a caller's gradient is checked, the library's own may not exist: then every value has the cotangent 1. */
static void use_ones(tg_checker *c)
{
    tg_tape_reset(c->exact.tape);
    for (int64_t j = 0; j < c->trace.n_values; j++)
        c->trace.sensitivity[j] = 1;
}

tg_status tg_check_trace(tg_checker *c)
{
    tg_status status = allocate_arrays(c);
    tg_tensor *nodes = status == TG_OK ? tg_check_allocate(c, c->trace.n, 2 * sizeof *nodes) : NULL;
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
        use_ones(c);
        status = TG_OK;
    } else if (status != TG_OK)
        status = tg_check_status(c, c->exact.tape);
    finish_sensitivities(&c->trace);
    return status;
}

const tg_node *tg_check_node(const tg_checker *c, int i, int64_t at)
{
    const tg_trace *t = &c->trace;
    const tg_node *n = t->ids[i] <= c->exact.tape->count ? tg_node_at(c->exact.tape, t->ids[i]) : NULL;
    return n && is_traced(n) && n->extent->size <= t->n_values - at ? n : NULL;
}

double tg_check_sensitivity(const tg_checker *c)
{
    const tg_trace *t = &c->trace;
    double squares = 0, largest = 0;
    int64_t at = 0;
    for (int i = 0; i < t->n; i++) {
        const tg_node *n = tg_check_node(c, i, at);
        if (!n)
            return t->norm;
        const double *now = n->value;
        for (const int64_t end = at + n->extent->size; at < end; at++)
            if (*now++ != t->values[at]) {
                squares += t->sensitivity[at] * t->sensitivity[at];
                largest = fmax(largest, t->sensitivity[at]);
            }
    }
    return largest > 0 ? root_of(squares, largest) : t->norm; /* none moved: the step may be too small */
}
