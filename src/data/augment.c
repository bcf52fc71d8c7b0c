/* augment.c - a row mirrored left-right, top-bottom, and scaled, in the pass that copies it. */
#include "data/augment.h"

#include <inttypes.h>

#include "core/status.h"
#include "data/dataset.h"

static tg_status check_layout(const tg_augment *a, const tg_dataset *set, const char *who, tg_error *err)
{
    if (a->channels < 1 || a->height < 1 || a->width < 1)
        return tg_error_raise(
            err, TG_ERR_ARGUMENT,
            "%s: augment has rows of [%d, %d, %d], expected channels, height and width of at least 1", who,
            a->channels, a->height, a->width);
    if (tg_shape_size(&TG_SHAPE(a->channels, a->height, a->width)) != set->features)
        return tg_error_raise(err, TG_ERR_SHAPE,
                              "%s: augment has rows of [%d, %d, %d], whose product is not the set's %" PRId64
                              " features",
                              who, a->channels, a->height, a->width, set->features);
    return TG_OK;
}

tg_status tg_augment_check(const tg_augment *a, const tg_dataset *set, const char *who, tg_error *err)
{
    const struct {
        const char *name;
        double p;
    } flip[] = { { "flip_horizontal", a->flip_horizontal }, { "flip_vertical", a->flip_vertical } };
    for (int i = 0; i < 2; i++)
        if (!(flip[i].p >= 0 && flip[i].p <= 1))
            return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: augment's %s is %g, expected a probability, 0 .. 1", who,
                                  flip[i].name, flip[i].p);
    if (!(a->scale >= 0 && a->scale < 1))
        return tg_error_raise(err, TG_ERR_ARGUMENT, "%s: augment's scale is %g, expected 0 <= scale < 1", who,
                              a->scale);
    return check_layout(a, set, who, err);
}

/* Copies n numbers, each times `factor`, in their order or reversed. The factor 1 changes no bit. */
typedef void copy_fn(const void *from, void *to, int64_t n, double factor);

static void copy_f32(const void *from, void *to, int64_t n, double factor)
{
    const float *restrict x = from, c = (float)factor;
    float *restrict y = to;
    for (int64_t i = 0; i < n; i++)
        y[i] = c * x[i];
}

static void reverse_f32(const void *from, void *to, int64_t n, double factor)
{
    const float *restrict x = from, c = (float)factor;
    float *restrict y = to;
    for (int64_t i = 0; i < n; i++)
        y[i] = c * x[n - 1 - i];
}

static void copy_f64(const void *from, void *to, int64_t n, double factor)
{
    const double *restrict x = from;
    double *restrict y = to;
    for (int64_t i = 0; i < n; i++)
        y[i] = factor * x[i];
}

static void reverse_f64(const void *from, void *to, int64_t n, double factor)
{
    const double *restrict x = from;
    double *restrict y = to;
    for (int64_t i = 0; i < n; i++)
        y[i] = factor * x[n - 1 - i];
}

static copy_fn *const copies[2][2] = { [TG_F32] = { copy_f32, reverse_f32 }, [TG_F64] = { copy_f64, reverse_f64 } };

/* The random changes of a row. All three numbers are drawn always, in this order, so that no setting changes another's. */
typedef struct change {
    bool horizontal, vertical;
    double factor;
} change;

static change draw(const tg_augment *a, const tg_rng *epoch, int64_t row)
{
    tg_rng rng = tg_rng_stream(epoch, (uint64_t)row);
    change c = { .horizontal = tg_rng_uniform(&rng) < a->flip_horizontal };
    c.vertical = tg_rng_uniform(&rng) < a->flip_vertical;
    c.factor = tg_rng_between(&rng, 1 - a->scale, 1 + a->scale);
    return c;
}

/* Mirrored both ways, a channel is its reverse, and mirrored in no way its copy; otherwise it is copied line by line. */
void tg_augment_row(const tg_augment *a, const tg_dataset *set, int64_t row, const tg_rng *epoch, void *out)
{
    const change c = draw(a, epoch, row);
    const int64_t plane = (int64_t)a->height * a->width, length = c.horizontal == c.vertical ? plane : a->width;
    const int64_t last = plane - length, size = (int64_t)tg_dtype_size(set->dtype);
    const char *from = tg_dataset_row(set, row);
    copy_fn *const copy = copies[set->dtype][c.horizontal];
    for (int channel = 0; channel < a->channels; channel++)
        for (int64_t at = 0; at <= last; at += length) {
            const int64_t start = channel * plane;
            copy(from + (start + (c.vertical ? last - at : at)) * size, (char *)out + (start + at) * size, length,
                 c.factor);
        }
}
