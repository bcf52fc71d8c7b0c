/* calls.c - from a golden case to the call of its operation. */
#include "calls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sheet.h"

/* Of axis=1, axis=all or axes=0,2. */
static int axis_of(const golden_case *c)
{
    double list[TG_MAX_RANK];
    int axes[TG_MAX_RANK];
    const int n = golden_list(c, "axes", list, TG_MAX_RANK);
    for (int i = 0; i < n; i++)
        axes[i] = (int)list[i];
    if (n > 0)
        return tg_axes(axes, n);
    return !strncmp(golden_text(c, "axis"), "all", 3) ? TG_ALL : (int)golden_number(c, "axis");
}

static tg_shape shape_of(const golden_case *c)
{
    double sizes[TG_MAX_RANK];
    tg_shape s = { .rank = golden_list(c, "shape", sizes, TG_MAX_RANK) };
    for (int d = 0; d < s.rank; d++)
        s.dims[d] = (int64_t)sizes[d];
    return s;
}

static tg_reduction reduction_of(const golden_case *c)
{
    static const char *const names[] = { [TG_MEAN] = "mean ", [TG_SUM] = "sum ", [TG_NONE] = "none " };
    for (int i = 0; i < 3; i++)
        if (!strncmp(golden_text(c, "reduction"), names[i], strlen(names[i])))
            return (tg_reduction)i;
    fail_msg("golden case %d: no reduction", c->number);
    return TG_NONE;
}

static tg_tensor clamp(const golden_case *c, const tg_tensor *x)
{
    return tg_clamp(x[0], golden_number(c, "lo"), golden_number(c, "hi"));
}

static tg_tensor where(const golden_case *c, const tg_tensor *x)
{
    double mask[GOLDEN_ELEMENTS];
    int n = golden_list(c, "mask", mask, GOLDEN_ELEMENTS);
    return tg_where(tg_constant(x[0].tape, TG_SHAPE(n), mask), x[0], x[1]);
}

static tg_tensor var(const golden_case *c, const tg_tensor *x)
{
    return tg_var(x[0], axis_of(c), golden_number(c, "correction"), golden_number(c, "keepdim") != 0);
}

static tg_tensor std(const golden_case *c, const tg_tensor *x)
{
    return tg_std(x[0], axis_of(c), golden_number(c, "correction"), golden_number(c, "keepdim") != 0);
}

static tg_tensor reshape(const golden_case *c, const tg_tensor *x)
{
    return tg_reshape(x[0], shape_of(c));
}

static tg_tensor broadcast_to(const golden_case *c, const tg_tensor *x)
{
    return tg_broadcast_to(x[0], shape_of(c));
}

static tg_tensor permute(const golden_case *c, const tg_tensor *x)
{
    double list[TG_MAX_RANK];
    int axes[TG_MAX_RANK], n = golden_list(c, "axes", list, TG_MAX_RANK);
    for (int i = 0; i < n; i++)
        axes[i] = (int)list[i];
    return tg_permute(x[0], axes);
}

static tg_tensor slice(const golden_case *c, const tg_tensor *x)
{
    return tg_slice(x[0], axis_of(c), (int64_t)golden_number(c, "start"), (int64_t)golden_number(c, "stop"));
}

static tg_tensor concat(const golden_case *c, const tg_tensor *x)
{
    return tg_concat(x, c->n_inputs, axis_of(c));
}

static tg_tensor gather_rows(const golden_case *c, const tg_tensor *x)
{
    return tg_gather_rows(x[0], c->ints, c->n_ints);
}

static tg_tensor pad(const golden_case *c, const tg_tensor *x)
{
    return tg_pad(x[0], axis_of(c), (int64_t)golden_number(c, "before"), (int64_t)golden_number(c, "after"),
                  golden_number(c, "value"));
}

static tg_tensor stack(const golden_case *c, const tg_tensor *x)
{
    return tg_stack(x, c->n_inputs, axis_of(c));
}

static tg_tensor tril(const golden_case *c, const tg_tensor *x)
{
    return tg_tril(x[0], (int64_t)golden_number(c, "k"));
}

static tg_tensor triu(const golden_case *c, const tg_tensor *x)
{
    return tg_triu(x[0], (int64_t)golden_number(c, "k"));
}

static tg_tensor take_along_axis(const golden_case *c, const tg_tensor *x)
{
    return tg_take_along_axis(x[0], axis_of(c), c->ints, c->int_shape);
}

static tg_tensor scatter_add(const golden_case *c, const tg_tensor *x)
{
    return tg_scatter_add(x[0], axis_of(c), c->ints, x[1]);
}

static tg_tensor index_select(const golden_case *c, const tg_tensor *x)
{
    return tg_index_select(x[0], axis_of(c), c->ints, c->n_ints);
}

static tg_tensor embedding(const golden_case *c, const tg_tensor *x)
{
    return tg_embedding(x[0], c->ints, c->int_shape);
}

static tg_tensor linear(const golden_case *c, const tg_tensor *x)
{
    return tg_linear(x[0], x[1], c->n_inputs > 2 ? x[2] : (tg_tensor){ 0 });
}

static tg_conv_config conv_config(const golden_case *c)
{
    return (tg_conv_config){ .stride = (int64_t)golden_number(c, "stride"),
                             .padding = (int64_t)golden_number(c, "padding"),
                             .dilation = (int64_t)golden_number(c, "dilation"),
                             .groups = (int64_t)golden_number(c, "groups") };
}

static tg_tensor max_pool1d(const golden_case *c, const tg_tensor *x)
{
    return tg_max_pool1d(x[0], (int64_t)golden_number(c, "size"), (int64_t)golden_number(c, "stride"),
                         (int64_t)golden_number(c, "padding"));
}

static tg_tensor max_pool2d(const golden_case *c, const tg_tensor *x)
{
    return tg_max_pool2d(x[0], (int64_t)golden_number(c, "size"), (int64_t)golden_number(c, "stride"),
                         (int64_t)golden_number(c, "padding"));
}

static tg_tensor avg_pool1d(const golden_case *c, const tg_tensor *x)
{
    return tg_avg_pool1d(x[0], (int64_t)golden_number(c, "size"), (int64_t)golden_number(c, "stride"),
                         (int64_t)golden_number(c, "padding"));
}

static tg_tensor avg_pool2d(const golden_case *c, const tg_tensor *x)
{
    return tg_avg_pool2d(x[0], (int64_t)golden_number(c, "size"), (int64_t)golden_number(c, "stride"),
                         (int64_t)golden_number(c, "padding"));
}

static tg_tensor conv1d(const golden_case *c, const tg_tensor *x)
{
    const tg_conv_config k = conv_config(c);
    return tg_conv1d(x[0], x[1], c->n_inputs > 2 ? x[2] : (tg_tensor){ 0 }, &k);
}

static tg_tensor conv2d(const golden_case *c, const tg_tensor *x)
{
    const tg_conv_config k = conv_config(c);
    return tg_conv2d(x[0], x[1], c->n_inputs > 2 ? x[2] : (tg_tensor){ 0 }, &k);
}

static tg_tensor conv_transpose2d(const golden_case *c, const tg_tensor *x)
{
    const tg_conv_config k = conv_config(c);
    return tg_conv_transpose2d(x[0], x[1], c->n_inputs > 2 ? x[2] : (tg_tensor){ 0 }, &k);
}

static tg_tensor attention(const golden_case *c, const tg_tensor *x)
{
    return tg_attention(x[0], x[1], x[2], (tg_tensor){ 0 }, golden_number(c, "causal") != 0);
}

static tg_tensor l1_loss(const golden_case *c, const tg_tensor *x)
{
    return tg_l1_loss(x[0], x[1], reduction_of(c));
}

static tg_tensor huber_loss(const golden_case *c, const tg_tensor *x)
{
    return tg_huber_loss(x[0], x[1], golden_number(c, "delta"), reduction_of(c));
}

static tg_tensor einsum(const golden_case *c, const tg_tensor *x)
{
    char spec[64];
    snprintf(spec, sizeof spec, "%.*s", (int)strcspn(golden_text(c, "spec"), " "), golden_text(c, "spec"));
    return tg_einsum(spec, x, c->n_inputs);
}

static tg_tensor rms_norm(const golden_case *c, const tg_tensor *x)
{
    return tg_rms_norm(x[0], x[1], golden_number(c, "eps"));
}

static tg_tensor group_norm(const golden_case *c, const tg_tensor *x)
{
    return tg_group_norm(x[0], (int64_t)golden_number(c, "groups"), x[1], x[2], golden_number(c, "eps"));
}

static tg_tensor batch_norm(const golden_case *c, const tg_tensor *x)
{
    double mean[8] = { 0 }, var[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
    golden_list(c, "mean", mean, 8);
    golden_list(c, "var", var, 8);
    tg_tape_set_training(x[0].tape, *golden_text(c, "mode") == 't');
    return tg_batch_norm(x[0], x[1], x[2],
                         &(tg_batch_norm_config){ .mean = mean, .var = var, .eps = golden_number(c, "eps") });
}

/* The second sheet's cases have an option or labels of another rank. */
static tg_tensor cross_entropy(const golden_case *c, const tg_tensor *x)
{
    if (*golden_text(c, "ignore_index") || c->int_shape.rank != 1) {
        double weights[8];
        const int n = golden_list(c, "weights", weights, 8);
        return tg_cross_entropy_with(
            x[0], c->ints, c->n_ints,
            &(tg_cross_entropy_config){ .reduction = reduction_of(c),
                                        .label_smoothing = golden_number(c, "label_smoothing"),
                                        .weights = n ? weights : NULL });
    }
    return tg_cross_entropy(x[0], c->ints, reduction_of(c));
}

static tg_tensor layer_norm(const golden_case *c, const tg_tensor *x)
{
    return tg_layer_norm(x[0], x[1], x[2], golden_number(c, "eps"));
}

/* The operations whose functions have a form of their own; the others are in the sheet. */
static const struct row {
    const char *op;
    tg_tensor (*call)(const golden_case *, const tg_tensor *);
} rows[] = {
    { "clamp", clamp },
    { "where", where },
    { "var", var },
    { "reshape", reshape },
    { "permute", permute },
    { "slice", slice },
    { "concat", concat },
    { "broadcast_to", broadcast_to },
    { "gather_rows", gather_rows },
    { "linear", linear },
    { "std", std },
    { "max_pool1d", max_pool1d },
    { "max_pool2d", max_pool2d },
    { "avg_pool1d", avg_pool1d },
    { "avg_pool2d", avg_pool2d },
    { "conv1d", conv1d },
    { "conv2d", conv2d },
    { "conv_transpose2d", conv_transpose2d },
    { "attention", attention },
    { "l1_loss", l1_loss },
    { "huber_loss", huber_loss },
    { "einsum", einsum },
    { "rms_norm", rms_norm },
    { "group_norm", group_norm },
    { "batch_norm", batch_norm },
    { "pad", pad },
    { "stack", stack },
    { "tril", tril },
    { "triu", triu },
    { "take_along_axis", take_along_axis },
    { "scatter_add", scatter_add },
    { "index_select", index_select },
    { "embedding", embedding },
    { "cross_entropy", cross_entropy },
    { "layer_norm", layer_norm },
};
enum { N_ROWS = sizeof rows / sizeof rows[0] };

static const struct row *row_of(const golden_case *c)
{
    for (int i = 0; i < N_ROWS; i++)
        if (!strcmp(rows[i].op, c->op))
            return &rows[i];
    fail_msg("golden case %d: no row for %s", c->number, c->op);
    return NULL;
}

tg_tensor golden_call(const golden_case *c, const tg_tensor *x)
{
    const sheet_row *r = sheet_find(c->op);
    if (!r)
        return row_of(c)->call(c, x);
    if (r->unary)
        return r->unary(x[0]);
    if (r->by_number)
        return r->by_number(x[0], *golden_text(c, r->number) ? golden_number(c, r->number)
                                                             : 1); /* elu's default is left out */
    if (r->binary)
        return r->binary(x[0], x[1]);
    if (r->reduce)
        return r->reduce(x[0], axis_of(c), golden_number(c, "keepdim") != 0);
    if (r->by_axis)
        return r->by_axis(x[0], axis_of(c));
    return r->loss(x[0], x[1], reduction_of(c));
}
