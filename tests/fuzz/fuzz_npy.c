/* fuzz_npy.c - any bytes as a .npy file and as a .npz file: onto a tape, and as a data set. */
#define _POSIX_C_SOURCE 200809L
#include "fuzz.h"

#include "tapegrad.h"

static fuzz_file file;

/* A tensor, or an error with a sentence, and nothing left on the tape. */
static void check_tensor(tg_tape *tape, tg_tensor x)
{
    const tg_error err = { .status = tg_tape_status(tape) };
    FUZZ_CHECK(tg_is_valid(x) == (err.status == TG_OK));
    FUZZ_CHECK(tg_is_valid(x) || (strlen(tg_tape_message(tape)) > 8 && tg_tape_memory(tape).nodes == 0));
    tg_tape_reset(tape);
}

static void read_all(tg_dtype dtype, long fail_at)
{
    failing f = { .fail_at = fail_at };
    const tg_allocator a = failing_allocator(&f);
    tg_tape *tape = tg_tape_create_with(dtype, &a);
    check_tensor(tape, tg_npy_read(tape, file.path));
    check_tensor(tape, tg_npz_read(tape, file.path, "x"));
    tg_tape_destroy(tape);
    tg_dataset set = { .dtype = dtype, .allocator = &a };
    tg_error err;
    fuzz_check_error(tg_dataset_read_npz(&set, file.path, "x", "y", 3, &err), &err);
    for (int64_t i = 0; i < set.n; i++)
        FUZZ_CHECK(set.labels[i] >= 0 && set.labels[i] < 3);
    tg_dataset_finish(&set);
    FUZZ_CHECK(f.outstanding == 0 && f.bytes == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!file.path[0])
        fuzz_open(&file);
    fuzz_write(&file, data, size);
    const unsigned drawn = fuzz_draw(data, size, 32);
    read_all(drawn % 2 ? TG_F64 : TG_F32, drawn < 8 ? 1 + drawn / 2 : 0);
    return 0;
}
