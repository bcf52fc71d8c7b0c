/* fuzz_safetensors.c - any bytes as a parameter file: loaded whole, or refused with the set as it was. */
#include "fuzz.h"

#include "tapegrad/io.h"

enum { COUNT = 4, BYTES = 512 };

static const tg_param_spec specs[COUNT] = {
    { .name = "w", .shape = { 2, { 2, 3 } } },
    { .name = "b", .shape = { 1, { 3 } } },
    { .name = "none", .shape = { 2, { 0, 4 } } },
    { .name = "s", .shape = { 0 } },
};

static fuzz_file file, copy;

static size_t bytes_of(tg_params *p)
{
    int64_t count;
    tg_params_values(p, &count);
    return (size_t)count * tg_dtype_size(tg_params_dtype(p));
}

static void check_padding(tg_params *p)
{
    const size_t width = tg_dtype_size(tg_params_dtype(p));
    const char *values = tg_params_values(p, NULL), zeros[64] = { 0 };
    for (int i = 0; i < COUNT; i++) {
        const tg_shape shape = tg_params_shape(p, i);
        const size_t size = (size_t)tg_shape_size(&shape) * width;
        FUZZ_CHECK(memcmp(values + (size_t)tg_params_offset(p, i) * width + size, zeros, (64 - size % 64) % 64) == 0);
    }
}

/* What was loaded comes back when it is saved, in the set's own dtype. */
static void check_round_trip(tg_params *p, tg_dtype dtype)
{
    tg_params *q = tg_params_create(dtype, specs, COUNT, NULL);
    FUZZ_CHECK(tg_params_save(p, copy.path, NULL) == TG_OK);
    FUZZ_CHECK(tg_params_load(q, copy.path, NULL) == TG_OK);
    FUZZ_CHECK(memcmp(tg_params_values(p, NULL), tg_params_values(q, NULL), bytes_of(p)) == 0);
    tg_params_destroy(q);
}

static tg_status load(tg_dtype dtype, long fail_at, bool again)
{
    failing f = { 0 };
    const tg_allocator a = failing_allocator(&f);
    tg_params *p = tg_params_create_with(dtype, specs, COUNT, &a, NULL);
    unsigned char before[BYTES];
    tg_error err;
    const size_t bytes = bytes_of(p);
    const uint64_t version = tg_params_version(p);
    const long held = f.outstanding;
    FUZZ_CHECK(bytes <= BYTES);
    memset(before, 0x5a, sizeof before);
    for (int i = 0; i < COUNT; i++) { /* values that no load leaves by chance; the padding stays zero */
        const tg_shape shape = tg_params_shape(p, i);
        memset((char *)tg_params_values(p, NULL) + (size_t)tg_params_offset(p, i) * tg_dtype_size(dtype), 0x5a,
               (size_t)tg_shape_size(&shape) * tg_dtype_size(dtype));
    }
    memcpy(before, tg_params_values(p, NULL), bytes);
    f.fail_at = fail_at ? f.calls + fail_at : 0;
    const tg_status status = tg_params_load(p, file.path, &err);
    fuzz_check_error(status, &err);
    FUZZ_CHECK(f.outstanding == held);
    FUZZ_CHECK(tg_params_version(p) == version + (status == TG_OK));
    FUZZ_CHECK(status == TG_OK || memcmp(tg_params_values(p, NULL), before, bytes) == 0);
    check_padding(p);
    if (status == TG_OK && again)
        check_round_trip(p, dtype);
    tg_params_destroy(p);
    FUZZ_CHECK(f.outstanding == 0 && f.bytes == 0);
    return status;
}

static void read_metadata(const char *key, size_t size)
{
    char value[64];
    tg_error err;
    memset(value, '#', sizeof value);
    const tg_status status = tg_params_read_metadata(file.path, key, value, size, &err);
    fuzz_check_error(status, &err);
    FUZZ_CHECK(memchr(value, '\0', size) && value[size] == '#');
    FUZZ_CHECK(status == TG_OK || value[0] == '\0');
    FUZZ_CHECK(tg_params_load(NULL, file.path, NULL) == TG_ERR_ARGUMENT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!file.path[0]) {
        fuzz_open(&file);
        fuzz_open(&copy);
    }
    fuzz_write(&file, data, size);
    const unsigned drawn = fuzz_draw(data, size, 64);
    const tg_dtype dtype = drawn % 2 ? TG_F64 : TG_F32;
    const tg_status status = load(dtype, 0, drawn == 2 || drawn == 3);
    if (drawn % 8 < 2) {
        const tg_status poor = load(dtype, 1 + drawn / 8, false);
        FUZZ_CHECK(poor == status || poor == TG_ERR_MEMORY);
    }
    if (drawn % 4 < 2) {
        read_metadata("format", 1 + drawn % 63);
        read_metadata("", 63);
    }
    return 0;
}
