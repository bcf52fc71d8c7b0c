/* shape.c - dtypes and shapes. */
#include "core/format.h"
#include "core/shape.h"

const tg_extent tg_scalar_extent = { .size = 1, .shape = { .rank = 0 } };

size_t tg_dtype_size(tg_dtype dtype)
{
    return dtype == TG_F64 ? sizeof(double) : sizeof(float);
}

int64_t tg_shape_size(const tg_shape *shape)
{
    if (!shape || shape->rank < 0 || shape->rank > TG_MAX_RANK)
        return -1;
    const int64_t most = PTRDIFF_MAX / (int64_t)sizeof(double);
    bool empty = false, large = false;
    int64_t size = 1;
    for (int i = 0; i < shape->rank; i++) {
        const int64_t d = shape->dims[i];
        if (d < 0)
            return -1;
        if (d == 0) {
            empty = true;
            continue;
        }
        large = large || ((size | d) >> 29 && size > most / d); /* small sizes need no division */
        size = large ? size : size * d;
    }
    return large ? -1 : empty ? 0 : size; /* some sizes of an empty tensor are multiplied, too */
}

bool tg_shape_equal(const tg_shape *a, const tg_shape *b)
{
    return a && b && tg_same_shape(a, b);
}

char *tg_shape_text(const tg_shape *shape, char *buffer, size_t size)
{
    if (!buffer || size == 0)
        return buffer;
    if (shape && (shape->rank < 0 || shape->rank > TG_MAX_RANK)) {
        tg_format(buffer, size, "[rank %d]", shape->rank);
        return buffer;
    }
    size_t n = tg_format(buffer, size, "[");
    for (int i = 0; shape && i < shape->rank; i++)
        n += tg_format(buffer + n, size - n, i ? ", %lld" : "%lld", (long long)shape->dims[i]);
    tg_format(buffer + n, size - n, "]");
    return buffer;
}
