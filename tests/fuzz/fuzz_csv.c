/* fuzz_csv.c - any bytes as a table of numbers: as a data set, and onto a tape. */
#include "fuzz.h"

#include "tapegrad.h"

static fuzz_file file;

static void read_set(tg_dtype dtype, const tg_csv_config *config, long fail_at)
{
    failing f = { .fail_at = fail_at };
    const tg_allocator a = failing_allocator(&f);
    tg_dataset set = { .dtype = dtype, .allocator = &a };
    tg_error err;
    const tg_status status = tg_dataset_read_csv(&set, file.path, config, &err);
    fuzz_check_error(status, &err);
    FUZZ_CHECK((status == TG_OK) == (set.n > 0) && (status == TG_OK) == (set.x != NULL));
    for (int64_t i = 0; i < set.n; i++)
        FUZZ_CHECK(set.labels[i] >= 0 && set.labels[i] < set.classes);
    tg_dataset_finish(&set);
    FUZZ_CHECK(f.outstanding == 0 && f.bytes == 0);
}

static void read_tensor(tg_dtype dtype, const tg_csv_config *config, long fail_at)
{
    failing f = { .fail_at = fail_at };
    const tg_allocator a = failing_allocator(&f);
    tg_tape *tape = tg_tape_create_with(dtype, &a);
    const tg_tensor x = tg_csv_read(tape, file.path, config);
    FUZZ_CHECK(tg_is_valid(x) == (tg_tape_status(tape) == TG_OK));
    FUZZ_CHECK(tg_is_valid(x) ? tg_rank(x) == 2 && tg_size(x) > 0 : strlen(tg_tape_message(tape)) > 8);
    tg_tape_destroy(tape);
    FUZZ_CHECK(f.outstanding == 0 && f.bytes == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!file.path[0])
        fuzz_open(&file);
    fuzz_write(&file, data, size);
    const unsigned drawn = fuzz_draw(data, size, 128);
    const tg_dtype dtype = drawn % 2 ? TG_F64 : TG_F32;
    const tg_csv_config config = { .no_header = drawn & 2,
                                   .separator = drawn & 4 ? ';' : ',',
                                   .classes = drawn & 8 ? 3 : 0,
                                   .label_column = drawn & 16 ? 1 : 0 };
    const long fail_at = drawn & 32 ? 1 + drawn / 64 : 0;
    read_set(dtype, &config, fail_at);
    read_tensor(dtype, &config, fail_at);
    return 0;
}
