/* fuzz_training.c - any bytes as the file of a training, and as weights of another program: read as a whole, or refused
   with the set, the optimizer and the generator unchanged. */
#include "fuzz.h"

#include "tapegrad/io.h"
#include "tapegrad/optim.h"

enum { COUNT = 2, BYTES = 256 };

static const tg_param_spec specs[COUNT] = {
    { .name = "w", .shape = { 2, { 2, 3 } } },
    { .name = "b", .shape = { 1, { 3 } } },
};

static fuzz_file file;

static void check_values(tg_params *p, const unsigned char *before, bool must_be_same)
{
    int64_t count;
    const void *values = tg_params_values(p, &count);
    const size_t bytes = (size_t)count * tg_dtype_size(tg_params_dtype(p));
    FUZZ_CHECK(bytes <= BYTES);
    FUZZ_CHECK(!must_be_same || memcmp(values, before, bytes) == 0);
}

static void load(tg_dtype dtype, long fail_at)
{
    failing f = { 0 };
    const tg_allocator a = failing_allocator(&f);
    tg_params *p = tg_params_create_with(dtype, specs, COUNT, &a, NULL);
    tg_optimizer *o = tg_adam_create(p, &(tg_adam_config){ .lr = 0.5 }, NULL);
    tg_rng rng = { 3, 4 };
    tg_training t = { .params = p, .optimizer = o, .rng = &rng, .epoch = 1, .batch = 2 };
    unsigned char before[BYTES] = { 0 };
    tg_error err;
    f.fail_at = fail_at ? f.calls + fail_at : 0;
    const tg_status status = tg_training_load(&t, file.path, &err);
    fuzz_check_error(status, &err);
    FUZZ_CHECK(status == TG_OK ? t.epoch >= 0 && t.batch >= 0 : t.epoch == 1 && t.batch == 2 && rng.seed == 3);
    FUZZ_CHECK(status == TG_OK || (tg_optimizer_lr(o) == 0.5 && tg_optimizer_steps(o) == 0));
    check_values(p, before, status != TG_OK);
    tg_load_report report;
    const tg_status weights = tg_params_load_with(
        p, file.path, &(tg_load_config){ .partial = true, .transposed = (const char *const[]){ "w", NULL } }, &report,
        &err);
    fuzz_check_error(weights, &err);
    FUZZ_CHECK(report.loaded >= 0 && report.loaded <= COUNT && memchr(report.missing_names, 0, TG_LOAD_NAMES) &&
               memchr(report.unexpected_names, 0, TG_LOAD_NAMES));
    tg_optimizer_destroy(o);
    tg_params_destroy(p);
    FUZZ_CHECK(f.outstanding == 0 && f.bytes == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!file.path[0])
        fuzz_open(&file);
    fuzz_write(&file, data, size);
    const unsigned drawn = fuzz_draw(data, size, 32);
    load(drawn % 2 ? TG_F64 : TG_F32, drawn < 8 ? 1 + drawn / 2 : 0);
    return 0;
}
