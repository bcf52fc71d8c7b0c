/* conv2d.c - y = x * w, the sum over channels c and kernel places (r, s) of w[o, c, r, s] x[n, c, i stride + r dilation - padding,
   ..]. With y, x and w it is a trilinear form <y, x * w>, whose derivatives by the three are conv2d, conv2d_input and
   conv2d_weight; each of them is a vjp of the other two. Each sample is unfolded by itself, [channels kernel, places], and
   multiplied. */
#include <string.h>

#include "ops/elementwise.h"

/* Sizes, of which those with two numbers are of rows and columns. */
typedef struct conv {
    int64_t stride[2], padding[2], dilation[2], groups;
    int64_t in[2], kernel[2], out[2];
    int64_t channels, features; /* of x and of y, all groups */
} conv;

#ifdef TG_VECTOR_PASS

/* The output places 0 .. out - 1 along an axis whose element, at kernel place r, is in the input. */
typedef struct places {
    int64_t start, stop, first; /* `first` is the element at `start` */
} places;

static inline places places_of(const conv *c, int axis, int64_t r)
{
    const int64_t offset = r * c->dilation[axis] - c->padding[axis], step = c->stride[axis];
    const int64_t start = offset < 0 ? (-offset + step - 1) / step : 0;
    const int64_t left = c->in[axis] - offset;
    const int64_t stop = left <= 0 ? 0 : (left + step - 1) / step;
    const int64_t most = c->out[axis];
    return (places){ start < most ? start : most, stop < most ? stop : most, start * step + offset };
}

/* Row (c, r, s) of a sample's unfolded form is what kernel place (r, s) reads of channel c, for each place of the output; 0
   where it reads padding. l->rows channels from l->in[0] to l->out. */
ROWS(conv2d)
{
    const conv *c = l->attributes;
    const real *x = l->in[0];
    real *y = l->out;
    for (int64_t channel = 0; channel < l->rows; channel++, x += c->in[0] * c->in[1])
        for (int64_t r = 0; r < c->kernel[0]; r++)
            for (int64_t s = 0; s < c->kernel[1]; s++, y += c->out[0] * c->out[1]) {
                const places rows = places_of(c, 0, r), cols = places_of(c, 1, s);
                memset(y, 0, (size_t)(c->out[0] * c->out[1]) * sizeof *y);
                for (int64_t i = rows.start; i < rows.stop; i++) {
                    const int64_t row = rows.first + (i - rows.start) * c->stride[0];
                    const real *from = x + row * c->in[1] + cols.first;
                    real *to = y + i * c->out[1] + cols.start;
                    if (c->stride[1] == 1)
                        for (int64_t j = 0; j < cols.stop - cols.start; j++)
                            to[j] = from[j];
                    else
                        for (int64_t j = 0; j < cols.stop - cols.start; j++)
                            to[j] = from[j * c->stride[1]];
                }
            }
}

/* Its transpose: adds each row to the elements that it was read from. */
ROWS(conv2d_input)
{
    const conv *c = l->attributes;
    const real *y = l->in[0];
    real *x = l->out;
    memset(x, 0, (size_t)(l->rows * c->in[0] * c->in[1]) * sizeof *x);
    for (int64_t channel = 0; channel < l->rows; channel++, x += c->in[0] * c->in[1])
        for (int64_t r = 0; r < c->kernel[0]; r++)
            for (int64_t s = 0; s < c->kernel[1]; s++, y += c->out[0] * c->out[1]) {
                const places rows = places_of(c, 0, r), cols = places_of(c, 1, s);
                for (int64_t i = rows.start; i < rows.stop; i++) {
                    const int64_t row = rows.first + (i - rows.start) * c->stride[0];
                    real *to = x + row * c->in[1] + cols.first;
                    const real *from = y + i * c->out[1] + cols.start;
                    for (int64_t j = 0; j < cols.stop - cols.start; j++)
                        to[j * c->stride[1]] += from[j];
                }
            }
}

#else

#include "core/call.h"
#include "core/error.h"
#include "core/lookup.h"
#include "kernels/kernels.h"
#include "ops/product.h"

/* Products -------------------------------------------------------------------------------------------------------- */

/* Elements of one sample of x and of y, of its unfolded form, and of w, for one group. */
typedef struct volumes {
    int64_t x, y, unfolded, w, depth, places, channels, features;
} volumes;

static volumes volumes_of(const conv *c)
{
    volumes v = { .channels = c->channels / c->groups, .features = c->features / c->groups };
    v.places = c->out[0] * c->out[1];
    v.depth = v.channels * c->kernel[0] * c->kernel[1];
    v.x = v.channels * c->in[0] * c->in[1];
    v.y = v.features * v.places;
    v.unfolded = v.depth * v.places;
    v.w = v.features * v.depth;
    return v;
}

typedef struct work {
    tg_call *call;
    const conv *c;
    volumes v;
    int64_t samples;
    char *scratch; /* of each task: one unfolded form, and what its products need */
    size_t a_task; /* bytes of a task's scratch */
    int64_t tasks;
    char *sums; /* conv2d_weight: of each task but the first, w */
} work;

static char *at(const void *p, int64_t elements, size_t element)
{
    return (char *)(uintptr_t)p + (size_t)elements * element;
}

/* A product in a task: with the rest of its scratch, which large ones need. */
static void multiply(const work *k, const tg_gemm *g, void *scratch)
{
    const tg_tape *t = k->call->tape;
    tg_gemm_run(t->kernels, t->dtype, g, at(scratch, k->v.unfolded, t->element));
}

static void unfold(const work *k, const void *x, void *to)
{
    k->call->tape->kernels->loop[TG_INDEX_conv2d](
        &(tg_loop){ .rows = k->v.channels, .in = { x }, .out = to, .attributes = k->c });
}

/* Rows, columns and depth of a product of row-major matrices, of which a or b may be transposed. */
static tg_gemm product(int64_t m, int64_t n, int64_t k, const void *a, bool a_transposed, const void *b,
                       bool b_transposed, void *c)
{
    return (tg_gemm){ .m = m,
                      .n = n,
                      .k = k,
                      .a = a,
                      .a_row = a_transposed ? 1 : k,
                      .a_col = a_transposed ? m : 1,
                      .b = b,
                      .b_row = b_transposed ? 1 : n,
                      .b_col = b_transposed ? k : 1,
                      .c = c,
                      .c_row = n };
}

/* y = w unfolded(x) */
static void forward_sample(const work *k, int64_t i, void *scratch)
{
    const size_t element = k->call->tape->element;
    const volumes *v = &k->v;
    for (int64_t g = 0; g < k->c->groups; g++) {
        const int64_t at_x = (i * k->c->groups + g) * v->x, at_y = (i * k->c->groups + g) * v->y;
        unfold(k, at(tg_call_value(k->call, 0), at_x, element), scratch);
        const tg_gemm p = product(v->features, v->places, v->depth, at(tg_call_value(k->call, 1), g * v->w, element),
                                  false, scratch, false, at(k->call->out, at_y, element));
        multiply(k, &p, scratch);
    }
}

/* x = fold(wᵀ y) */
static void input_sample(const work *k, int64_t i, void *scratch)
{
    const size_t element = k->call->tape->element;
    const volumes *v = &k->v;
    for (int64_t g = 0; g < k->c->groups; g++) {
        const int64_t at_x = (i * k->c->groups + g) * v->x, at_y = (i * k->c->groups + g) * v->y;
        const tg_gemm p = product(v->depth, v->places, v->features, at(tg_call_value(k->call, 1), g * v->w, element),
                                  true, at(tg_call_value(k->call, 0), at_y, element), false, scratch);
        multiply(k, &p, scratch);
        k->call->tape->kernels->loop[TG_INDEX_conv2d_input](&(tg_loop){
            .rows = v->channels, .in = { scratch }, .out = at(k->call->out, at_x, element), .attributes = k->c });
    }
}

/* Adds y unfolded(x)ᵀ to `sum`. */
static void weight_sample(const work *k, int64_t i, void *scratch, void *sum)
{
    const size_t element = k->call->tape->element;
    const volumes *v = &k->v;
    for (int64_t g = 0; g < k->c->groups; g++) {
        const int64_t at_x = (i * k->c->groups + g) * v->x, at_y = (i * k->c->groups + g) * v->y;
        unfold(k, at(tg_call_value(k->call, 1), at_x, element), scratch);
        tg_gemm p = product(v->features, v->depth, v->places, at(tg_call_value(k->call, 0), at_y, element), false,
                            scratch, true, at(sum, g * v->w, element));
        p.init = p.c;
        p.init_row = v->depth;
        multiply(k, &p, scratch);
    }
}

/* Each task has a range of the samples; the number of tasks depends on shapes alone. */
enum { TASKS = 16 };

static void run_task(void *context, int64_t task, void (*f)(const work *, int64_t, void *))
{
    const work *k = context;
    void *scratch = k->scratch + (size_t)task * k->a_task;
    for (int64_t i = task * k->samples / k->tasks; i < (task + 1) * k->samples / k->tasks; i++)
        f(k, i, scratch);
}

static void forward_task(void *context, int64_t task)
{
    run_task(context, task, forward_sample);
}

static void input_task(void *context, int64_t task)
{
    run_task(context, task, input_sample);
}

static void weight_task(void *context, int64_t task)
{
    const work *k = context;
    const size_t element = k->call->tape->element;
    const int64_t n = k->v.w * k->c->groups;
    void *sum = task ? (void *)(k->sums + (size_t)((task - 1) * n) * element) : k->call->out;
    memset(sum, 0, (size_t)n * element);
    void *scratch = k->scratch + (size_t)task * k->a_task;
    for (int64_t i = task * k->samples / k->tasks; i < (task + 1) * k->samples / k->tasks; i++)
        weight_sample(k, i, scratch, sum);
}

/* Bytes of scratch of any of the three products, up to a multiple of 64. */
static size_t product_scratch(const work *k)
{
    const tg_tape *t = k->call->tape;
    const volumes *v = &k->v;
    const tg_gemm all[] = { product(v->features, v->places, v->depth, NULL, false, NULL, false, NULL),
                            product(v->depth, v->places, v->features, NULL, true, NULL, false, NULL),
                            product(v->features, v->depth, v->places, NULL, false, NULL, true, NULL) };
    size_t most = 0;
    for (int i = 0; i < 3; i++) {
        const size_t bytes = tg_gemm_scratch_size(t->kernels, t->dtype, &all[i]);
        most = bytes > most ? bytes : most;
    }
    return most;
}

/* False, with the error raised, out of memory. */
static bool prepare(tg_call *c, work *k)
{
    *k = (work){ .call = c, .c = tg_call_attributes(c), .samples = tg_call_dims(c, 0)->dims[0] };
    k->v = volumes_of(k->c);
    k->tasks = k->samples < TASKS ? k->samples : TASKS;
    k->a_task = ((size_t)k->v.unfolded * c->tape->element + product_scratch(k) + 63) / 64 * 64;
    const size_t bytes = (size_t)k->tasks * k->a_task;
    k->scratch = bytes ? tg_call_scratch(c, bytes) : NULL;
    return !bytes || k->scratch;
}

/* The operations -------------------------------------------------------------------------------------------------- */

static tg_status forward(tg_call *c)
{
    work k;
    if (!prepare(c, &k))
        return TG_ERR_MEMORY;
    tg_parallel(k.tasks, forward_task, &k);
    return TG_OK;
}

static tg_status input_forward(tg_call *c)
{
    work k;
    if (!prepare(c, &k))
        return TG_ERR_MEMORY;
    tg_parallel(k.tasks, input_task, &k);
    return TG_OK;
}

static tg_status weight_forward(tg_call *c)
{
    work k;
    if (!prepare(c, &k))
        return TG_ERR_MEMORY;
    const int64_t n = k.v.w * k.c->groups;
    if (k.tasks == 0) {
        memset(c->out, 0, (size_t)n * c->tape->element);
        return TG_OK;
    }
    if (k.tasks > 1 && !(k.sums = tg_call_scratch(c, (size_t)((k.tasks - 1) * n) * c->tape->element)))
        return TG_ERR_MEMORY;
    tg_parallel(k.tasks, weight_task, &k);
    for (int64_t i = 1; i < k.tasks; i++)
        c->tape->kernels->add(n, k.sums + (size_t)((i - 1) * n) * c->tape->element, c->out);
    return TG_OK;
}

static tg_status shape_y(tg_call *c, tg_shape *out)
{
    const conv *k = tg_call_attributes(c);
    *out = (tg_shape){ 4, { tg_call_dims(c, 0)->dims[0], k->features, k->out[0], k->out[1] } };
    return TG_OK;
}

static tg_status shape_x(tg_call *c, tg_shape *out)
{
    const conv *k = tg_call_attributes(c);
    *out = (tg_shape){ 4, { tg_call_dims(c, 0)->dims[0], k->channels, k->in[0], k->in[1] } };
    return TG_OK;
}

static tg_status shape_w(tg_call *c, tg_shape *out)
{
    const conv *k = tg_call_attributes(c);
    *out = (tg_shape){ 4, { k->features, k->channels / k->groups, k->kernel[0], k->kernel[1] } };
    return TG_OK;
}

static tg_tensor y_of(tg_tensor x, tg_tensor w, const conv *c)
{
    return tg_apply2_with(&tg_op_conv2d, x, w, c, sizeof *c);
}
static tg_tensor x_of(tg_tensor y, tg_tensor w, const conv *c)
{
    return tg_apply2_with(&tg_op_conv2d_input, y, w, c, sizeof *c);
}
static tg_tensor w_of(tg_tensor y, tg_tensor x, const conv *c)
{
    return tg_apply2_with(&tg_op_conv2d_weight, y, x, c, sizeof *c);
}

static void vjp(tg_vjp *v)
{
    const conv *c = tg_vjp_attributes(v);
    tg_give(v, 0, x_of(tg_cotangent(v), tg_input(v, 1), c));
    tg_give(v, 1, w_of(tg_cotangent(v), tg_input(v, 0), c));
}

static void input_vjp(tg_vjp *v)
{
    const conv *c = tg_vjp_attributes(v);
    tg_give(v, 0, y_of(tg_cotangent(v), tg_input(v, 1), c));
    tg_give(v, 1, w_of(tg_input(v, 0), tg_cotangent(v), c));
}

static void weight_vjp(tg_vjp *v)
{
    const conv *c = tg_vjp_attributes(v);
    tg_give(v, 0, y_of(tg_input(v, 1), tg_cotangent(v), c));
    tg_give(v, 1, x_of(tg_input(v, 0), tg_cotangent(v), c));
}

#define X TG_DRAWN(-1, 1, 4, { 2, 4, 5, 4 })
#define W TG_DRAWN(-1, 1, 4, { 2, 2, 3, 2 })
#define Y TG_DRAWN(-1, 1, 4, { 2, 2, 3, 3 })
#define SIZES                                                                                                        \
    .attributes = &(const conv){ { 2, 1 }, { 1, 0 }, { 1, 1 }, 2, { 5, 4 }, { 3, 2 }, { 3, 3 }, 4, 2 },              \
    .attribute_bytes = sizeof(conv)
static const tg_sample samples[] = { { .n = 2, .inputs = { X, W }, SIZES } };
static const tg_sample input_samples[] = { { .n = 2, .inputs = { Y, W }, SIZES } };
static const tg_sample weight_samples[] = { { .n = 2, .inputs = { Y, X }, SIZES } };

#define CONVOLUTION(op_name, its_shape, its_forward, its_vjp, its_samples)                                           \
    const tg_op tg_op_##op_name = {                                                                                  \
        .name = #op_name,                                                                                            \
        .arity = 2,                                                                                                  \
        .order = TG_ORDER_ANY,                                                                                       \
        .shape = its_shape,                                                                                          \
        .forward = its_forward,                                                                                      \
        .vjp = its_vjp,                                                                                              \
        TG_SAMPLES(its_samples),                                                                                     \
    }
CONVOLUTION(conv2d, shape_y, forward, vjp, samples);
CONVOLUTION(conv2d_input, shape_x, input_forward, input_vjp, input_samples);
CONVOLUTION(conv2d_weight, shape_w, weight_forward, weight_vjp, weight_samples);

/* Public ---------------------------------------------------------------------------------------------------------- */

/* Whether the tensors can be convolved, with ranks of 2 and `axes` more; raises the error of `name`. */
static bool operands(tg_tensor x, tg_tensor w, tg_tensor bias, const char *name, int axes)
{
    const tg_tensor all[] = { x, w, bias };
    for (int i = 0; i < 3; i++) {
        if (i == 2 && !bias.tape)
            break;
        if (!all[i].tape)
            return tg_tensor_fail(x, TG_ERR_ARGUMENT, name, "input %d is the null tensor", i), false;
        if (all[i].tape != x.tape)
            return tg_tensor_fail(x, TG_ERR_TAPE, name, "input %d is a tensor of another tape", i), false;
        const tg_node *n = tg_node_of(all[i], name);
        const int rank = i == 2 ? 1 : axes + 2;
        if (n && n->extent->shape.rank != rank)
            tg_tensor_fail(x, TG_ERR_SHAPE, name, "input %d has rank %d; it must have rank %d", i,
                           n->extent->shape.rank, rank);
        if (!n || n->extent->shape.rank != rank)
            return false;
    }
    return true;
}

enum { STEPS_MOST = 1 << 20 };

static bool in_steps(int64_t x, int64_t least)
{
    return x >= least && x <= STEPS_MOST;
}

/* The config with its defaults; false where a number is none. */
static bool numbers(tg_tensor x, const char *name, const tg_conv_config *config, tg_conv_config *k)
{
    *k = config ? *config : (tg_conv_config){ .stride = 0 };
    k->stride = k->stride ? k->stride : 1;
    k->dilation = k->dilation ? k->dilation : 1;
    k->groups = k->groups ? k->groups : 1;
    if (in_steps(k->stride, 1) && in_steps(k->dilation, 1) && in_steps(k->padding, 0) && in_steps(k->groups, 1))
        return true;
    tg_tensor_fail(x, TG_ERR_ARGUMENT, name,
                   "stride %lld, padding %lld, dilation %lld, groups %lld; each is 1 .. %d, padding from 0",
                   (long long)k->stride, (long long)k->padding, (long long)k->dilation, (long long)k->groups,
                   STEPS_MOST);
    return false;
}

/* The kernel and its steps; with one axis, the rows are one row without padding. */
static conv sizes_of(const tg_conv_config *k, const int64_t *kernel, int axes)
{
    conv c = { .stride = { 1, 1 }, .dilation = { 1, 1 }, .kernel = { 1, 1 }, .groups = k->groups };
    for (int i = 2 - axes; i < 2; i++) {
        c.stride[i] = k->stride;
        c.padding[i] = k->padding;
        c.dilation[i] = k->dilation;
        c.kernel[i] = kernel[i];
    }
    return c;
}

/* The elements that a kernel covers. */
static int64_t reach(const conv *c, int axis)
{
    return (c->kernel[axis] - 1) * c->dilation[axis] + 1;
}

static tg_tensor plus_bias(tg_tensor y, tg_tensor bias)
{
    return bias.tape ? tg_add(y, tg_reshape(bias, TG_SHAPE(tg_dim(bias, 0), 1, 1))) : y;
}

static bool sizes_fit(tg_tensor x, const char *name, const tg_shape *sx, const tg_shape *sw, tg_tensor bias,
                      int64_t groups, bool transposed)
{
    const int64_t features = transposed ? sw->dims[1] * groups : sw->dims[0];
    const int64_t channels = transposed ? sw->dims[0] : sw->dims[1] * groups;
    char text[192];
    if (sx->dims[1] != channels || (transposed ? channels : features) % groups)
        tg_tensor_fail(x, TG_ERR_SHAPE, name, "w is %s with %lld groups; it must be %s, groups dividing both",
                       tg_shape_text(sw, text, sizeof text), (long long)groups,
                       transposed ? "[in, out / groups, ...]" : "[out, in / groups, ...]");
    else if (sw->dims[2] < 1 || sw->dims[3] < 1 || sw->dims[2] > STEPS_MOST || sw->dims[3] > STEPS_MOST)
        tg_tensor_fail(x, TG_ERR_SHAPE, name, "w is %s; the kernel's sizes must be 1 .. %d",
                       tg_shape_text(sw, text, sizeof text), STEPS_MOST);
    else if (bias.tape && tg_dim(bias, 0) != features)
        tg_tensor_fail(x, TG_ERR_SHAPE, name, "the bias must be [%lld] or absent", (long long)features);
    else
        return true;
    return false;
}

static tg_tensor convolve(tg_tensor x, tg_tensor w, tg_tensor bias, const tg_conv_config *k, const char *name,
                          int axes)
{
    const tg_shape sx = tg_shape_of(x), sw = tg_shape_of(w);
    if (!sizes_fit(x, name, &sx, &sw, bias, k->groups, false))
        return tg_invalid(x.tape);
    conv c = sizes_of(k, &sw.dims[2], axes);
    c.channels = sx.dims[1];
    c.features = sw.dims[0];
    for (int i = 0; i < 2; i++) {
        c.in[i] = sx.dims[2 + i];
        c.out[i] = (c.in[i] + 2 * c.padding[i] - reach(&c, i)) / c.stride[i] + 1;
        if (c.in[i] + 2 * c.padding[i] < reach(&c, i)) {
            tg_tensor_fail(x, TG_ERR_SHAPE, name, "the kernel covers %lld elements, with padding there are %lld",
                           (long long)reach(&c, i), (long long)(c.in[i] + 2 * c.padding[i]));
            return tg_invalid(x.tape);
        }
    }
    return plus_bias(y_of(x, w, &c), bias);
}

tg_tensor tg_conv2d(tg_tensor x, tg_tensor w, tg_tensor bias, const tg_conv_config *config)
{
    static const char name[] = "conv2d";
    tg_conv_config k;
    if (!tg_node_of(x, name) || !operands(x, w, bias, name, 2) || !numbers(x, name, config, &k))
        return tg_invalid(x.tape);
    return convolve(x, w, bias, &k, name, 2);
}

tg_tensor tg_conv1d(tg_tensor x, tg_tensor w, tg_tensor bias, const tg_conv_config *config)
{
    static const char name[] = "conv1d";
    tg_conv_config k;
    if (!tg_node_of(x, name) || !operands(x, w, bias, name, 1) || !numbers(x, name, config, &k))
        return tg_invalid(x.tape);
    const tg_tensor y = convolve(tg_unsqueeze(x, 2), tg_unsqueeze(w, 2), bias, &k, name, 1);
    return y.id ? tg_squeeze(y, 2) : y;
}

tg_tensor tg_conv_transpose2d(tg_tensor x, tg_tensor w, tg_tensor bias, const tg_conv_config *config)
{
    static const char name[] = "conv_transpose2d";
    tg_conv_config k;
    if (!tg_node_of(x, name) || !operands(x, w, bias, name, 2) || !numbers(x, name, config, &k))
        return tg_invalid(x.tape);
    const tg_shape sx = tg_shape_of(x), sw = tg_shape_of(w);
    if (!sizes_fit(x, name, &sx, &sw, bias, k.groups, true))
        return tg_invalid(x.tape);
    conv c = sizes_of(&k, &sw.dims[2], 2);
    c.features = sx.dims[1];
    c.channels = sw.dims[1] * k.groups;
    for (int i = 0; i < 2; i++) {
        c.out[i] = sx.dims[2 + i];
        c.in[i] = (c.out[i] - 1) * c.stride[i] - 2 * c.padding[i] + reach(&c, i);
        if (c.out[i] < 1 || c.in[i] < 1) {
            tg_tensor_fail(x, TG_ERR_SHAPE, name, "the result would have the size %lld", (long long)c.in[i]);
            return tg_invalid(x.tape);
        }
    }
    return plus_bias(x_of(x, w, &c), bias);
}

#endif
