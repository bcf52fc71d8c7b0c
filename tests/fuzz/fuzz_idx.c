/* fuzz_idx.c - any bytes as a pair of IDX files: the first two say how many of the others are the images. */
#include "fuzz_data.h"

static fuzz_file images, labels;

static tg_status read_pair(tg_dataset *set, tg_error *err)
{
    return tg_dataset_read_idx(set, images.path, labels.path, 10, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!images.path[0]) {
        fuzz_open(&images);
        fuzz_open(&labels);
    }
    if (size < 2)
        return 0;
    const size_t rest = size - 2, wanted = (size_t)data[0] | (size_t)data[1] << 8, n = wanted < rest ? wanted : rest;
    fuzz_write(&images, data + 2, n);
    fuzz_write(&labels, data + 2 + n, rest - n);
    fuzz_read_twice(data, size, read_pair);
    return 0;
}
