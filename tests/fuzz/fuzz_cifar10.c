/* fuzz_cifar10.c - any bytes as batches of CIFAR-10: the first byte says how many records there are in each of two
   files, and by how much they are too long or short; the others fill them, again and again. */
#include "fuzz_data.h"

enum { RECORD = 3073, MOST = 3 };

static fuzz_file files[2];

static tg_status read_batches(tg_dataset *set, tg_error *err)
{
    const char *const paths[] = { files[0].path, files[1].path };
    return tg_dataset_read_cifar10_files(set, paths, 2, err);
}

static void fill(const fuzz_file *file, size_t n, const uint8_t *data, size_t size)
{
    static uint8_t bytes[MOST * RECORD + 1];
    for (size_t i = 0; i < n; i++)
        bytes[i] = i % RECORD == 0 && data[i % size] > 12 ? data[i % size] % 10 : data[i % size];
    fuzz_write(file, bytes, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int off[] = { 0, 0, 0, 0, 0, 0, 1, -1 };
    if (!files[0].path[0]) {
        fuzz_open(&files[0]);
        fuzz_open(&files[1]);
    }
    if (size < 2)
        return 0;
    for (int i = 0; i < 2; i++) {
        const size_t records = (data[0] >> 2 * i) % (MOST + 1), n = records * RECORD;
        fill(&files[i], n + (size_t)(n || off[data[0] >> 5] > 0 ? off[data[0] >> 5] : 0), data + 1, size - 1);
    }
    fuzz_read_twice(data, size, read_batches);
    return 0;
}
