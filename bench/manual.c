/* manual.c - backpropagation through an MLP written by hand in C, with the library's own kernels. */
#include "manual.h"

#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "nn/cut.h"
#include "nn/optimizer.h"
#include "ops/index.h"

struct manual {
    network net;
    const tg_kernels *kernels;
    const float *x;
    const int32_t *labels;
    int64_t count, weight[MOST_LAYERS], bias[MOST_LAYERS]; /* the offsets of each layer's */
    float *values, *grads;
    void *scratch;             /* for large products, */
    size_t scratch_size;       /* in bytes */
    float *z[MOST_LAYERS];     /* each layer before its activation [batch, out]; the last one's are the logits */
    float *h[MOST_LAYERS];     /* and after it */
    float *delta[MOST_LAYERS]; /* the derivative of the loss with respect to h, then with respect to z */
};

manual *manual_create(const network *net, const model *m)
{
    manual *p = bench_alloc(sizeof *p);
    *p = (manual){ .net = *net, .kernels = tg_kernels_for(TG_F32), .x = m->x, .labels = m->labels };
    const float *values = tg_params_values(m->params, &p->count);
    p->values = bench_alloc((size_t)p->count * sizeof *p->values);
    p->grads = bench_alloc((size_t)p->count * sizeof *p->grads);
    memcpy(p->values, values, (size_t)p->count * sizeof *values);
    for (int l = 0; l < net->depth; l++) {
        const size_t bytes = (size_t)(net->batch * net->sizes[l + 1]) * sizeof(float);
        p->weight[l] = tg_params_offset(m->params, 2 * l);
        p->bias[l] = tg_params_offset(m->params, 2 * l + 1);
        p->z[l] = bench_alloc(bytes);
        p->h[l] = bench_alloc(bytes);
        p->delta[l] = bench_alloc(bytes);
    }
    return p;
}

void manual_destroy(manual *p)
{
    for (int l = 0; l < p->net.depth; l++) {
        free(p->z[l]);
        free(p->h[l]);
        free(p->delta[l]);
    }
    free(p->scratch);
    free(p->values);
    free(p->grads);
    free(p);
}

const float *manual_values(const manual *p, int64_t *count)
{
    *count = p->count;
    return p->values;
}

const float *manual_grads(const manual *p)
{
    return p->grads;
}

/* Elementwise, divided among the threads -------------------------------------------------------------------------- */

/* y = f(x) or f(x, z, w), over one array. */
typedef struct map {
    tg_loop_fn *run;
    const float *x, *z, *w;
    float *y;
    tg_cut cut;
} map;

static void map_block(void *context, int64_t i)
{
    const map *m = context;
    const int64_t at = i * m->cut.block, n = tg_cut_size(m->cut, i);
    tg_loop l = { .rows = 1, .cols = n, .out = m->y + at, .out_row = n };
    l.in[0] = m->x + at;
    l.in[1] = m->z + at;
    l.in[2] = m->w + at;
    l.col[0] = l.col[1] = l.col[2] = 1;
    m->run(&l);
}

static void run_map(const manual *p, enum tg_op_index loop, int64_t n, const float *x, const float *z, const float *w,
                    float *y)
{
    map m = { p->kernels->loop[loop], x, z, w, y, tg_cut_flat(n) };
    tg_parallel_brief(m.cut.count, map_block, &m);
}

/* The scratch is allocated in the first step. */
static void run_product(manual *p, const tg_gemm *g)
{
    const size_t size = tg_gemm_room(p->kernels, TG_F32, g);
    if (size > p->scratch_size) {
        free(p->scratch);
        p->scratch = bench_alloc(p->scratch_size = size);
    }
    tg_gemm_run(p->kernels, TG_F32, g, size ? p->scratch : NULL);
}

/* Layers ---------------------------------------------------------------------------------------------------------- */

static int64_t size_of(const manual *p, int l)
{
    return p->net.batch * p->net.sizes[l + 1];
}

static const float *input_of(const manual *p, int l)
{
    return l ? p->h[l - 1] : p->x;
}

/* z = x W + b */
static void forward_layer(manual *p, int l)
{
    const int64_t in = p->net.sizes[l], out = p->net.sizes[l + 1];
    run_product(p, &(tg_gemm){ .m = p->net.batch,
                               .n = out,
                               .k = in,
                               .a = input_of(p, l),
                               .a_row = in,
                               .a_col = 1,
                               .b = p->values + p->weight[l],
                               .b_row = out,
                               .b_col = 1,
                               .c = p->z[l],
                               .c_row = out,
                               .init = p->values + p->bias[l] });
}

/* db = the sum of delta over the batch */
static void sum_rows(const manual *p, int l)
{
    const int64_t out = p->net.sizes[l + 1];
    p->kernels->loop[TG_INDEX_sum](&(tg_loop){ .rows = p->net.batch,
                                               .cols = out,
                                               .in = { p->delta[l] },
                                               .row = { out },
                                               .col = { 1 },
                                               .divisor = 1,
                                               .out = p->grads + p->bias[l] });
}

/* dW = xᵀ delta */
static void weight_gradient(manual *p, int l)
{
    const int64_t in = p->net.sizes[l], out = p->net.sizes[l + 1];
    run_product(p, &(tg_gemm){ .m = in,
                               .n = out,
                               .k = p->net.batch,
                               .a = input_of(p, l),
                               .a_row = 1,
                               .a_col = in,
                               .b = p->delta[l],
                               .b_row = out,
                               .b_col = 1,
                               .c = p->grads + p->weight[l],
                               .c_row = out });
}

/* dx = delta Wᵀ */
static void input_gradient(manual *p, int l)
{
    const int64_t in = p->net.sizes[l], out = p->net.sizes[l + 1];
    run_product(p, &(tg_gemm){ .m = p->net.batch,
                               .n = in,
                               .k = out,
                               .a = p->delta[l],
                               .a_row = out,
                               .a_col = 1,
                               .b = p->values + p->weight[l],
                               .b_row = 1,
                               .b_col = out,
                               .c = p->delta[l - 1],
                               .c_row = in });
}

static void activate(manual *p, int l)
{
    const enum tg_op_index loop = p->net.activation == TG_SIGMOID ? TG_INDEX_sigmoid : TG_INDEX_relu;
    run_map(p, loop, size_of(p, l), p->z[l], p->z[l], p->z[l], p->h[l]);
}

static void activation_gradient(const manual *p, int l)
{
    const enum tg_op_index loop = p->net.activation == TG_SIGMOID ? TG_INDEX_sigmoid_grad : TG_INDEX_relu_grad;
    run_map(p, loop, size_of(p, l), p->h[l], p->delta[l], p->z[l], p->delta[l]);
}

/* The mean loss, and its derivative with respect to the logits. */
static double cross_entropy(manual *p)
{
    const int last = p->net.depth - 1;
    const int64_t classes = p->net.sizes[last + 1];
    double sum;
    tg_loop loss = { .rows = p->net.batch, .cols = classes, .in = { p->z[last] }, .row = { classes }, .out = &sum };
    loss.attributes = p->labels;
    tg_loop gradient = loss;
    gradient.in[1] = &(const float){ 1 };
    gradient.weight = 1 / (double)p->net.batch;
    gradient.out = p->delta[last];
    gradient.out_row = classes;
    p->kernels->loop[TG_INDEX_cross_entropy](&loss);
    p->kernels->loop[TG_INDEX_cross_entropy_grad](&gradient);
    return sum / (double)p->net.batch;
}

/* The step -------------------------------------------------------------------------------------------------------- */

typedef struct update {
    const manual *p;
    double lr;
    tg_cut cut;
} update;

static void update_block(void *context, int64_t i)
{
    const update *u = context;
    const int64_t at = i * u->cut.block;
    static const tg_sgd_config config = { 0 };
    u->p->kernels->update[TG_UPDATE_sgd](
        tg_cut_size(u->cut, i),
        &(tg_update){ .w = u->p->values + at, .g = u->p->grads + at, .lr = u->lr, .config = &config });
}

double manual_step(manual *p, double lr)
{
    const int last = p->net.depth - 1;
    for (int l = 0; l <= last; l++) {
        forward_layer(p, l);
        if (l < last)
            activate(p, l);
    }
    const double loss = cross_entropy(p);
    for (int l = last; l >= 0; l--) {
        if (l < last)
            activation_gradient(p, l);
        weight_gradient(p, l);
        sum_rows(p, l);
        if (l > 0)
            input_gradient(p, l);
    }
    update u = { p, lr, tg_cut_flat(p->count) };
    tg_parallel_brief(u.cut.count, update_block, &u);
    return loss;
}
