/* test_weights.c - weights that another program saved: 16-bit values, other names, transposed, more or fewer of them. */
#include "scratch.h"

#include <math.h>

#include "failing_allocator.h"
#include "tapegrad/io.h"

static unsigned char bytes[4096];
static size_t used;

static void begin_file(const char *header)
{
    used = 8 + strlen(header);
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)strlen(header) >> 8 * i);
    memcpy(bytes + 8, header, strlen(header));
}

static void put_u16(uint16_t x)
{
    bytes[used++] = (unsigned char)x;
    bytes[used++] = (unsigned char)(x >> 8);
}

static void put_f32(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, 4);
    put_u16((uint16_t)bits);
    put_u16((uint16_t)(bits >> 16));
}

static const char *end_file(void **state)
{
    const char *path = scratch_path(state, "weights");
    scratch_write(path, bytes, used);
    return path;
}

static tg_params *make(tg_dtype dtype, const tg_param_spec *specs, int n)
{
    tg_params *p = tg_params_create(dtype, specs, n, NULL);
    assert_non_null(p);
    return p;
}

static void assert_values(const tg_params *p, const char *name, const double *expected, int n)
{
    double x[64];
    const int i = tg_params_find(p, name);
    assert_int_equal(tg_params_read_f64(p, i, x, n, NULL), TG_OK);
    for (int k = 0; k < n; k++)
        if (!(x[k] == expected[k] || (isnan(x[k]) && isnan(expected[k]))))
            fail_msg("%s[%d] is %g, not %g", name, k, x[k], expected[k]);
}

/* IEEE 754 binary16 and bfloat16: normal, subnormal, largest, zeros, infinities, NaN. */
static void values_of_16_bits_are_converted_exactly(void **state)
{
    static const struct {
        uint16_t half, bfloat;
        double half_value, bfloat_value;
    } rows[] = {
        { 0x3c00, 0x3f80, 1, 1 },
        { 0xc000, 0xc000, -2, -2 },
        { 0x7bff, 0x7f7f, 65504, 0x1.fep127 },
        { 0x0001, 0x0001, 0x1p-24, 0x1p-133 },
        { 0x83ff, 0x807f, -0x1.ff8p-15, -0x1.fcp-127 },
        { 0x0400, 0x0080, 0x1p-14, 0x1p-126 },
        { 0x3555, 0x3eab, 0x1.554p-2, 0x1.56p-2 },
        { 0x7c00, 0x7f80, (double)INFINITY, (double)INFINITY },
        { 0xfc00, 0xff80, -(double)INFINITY, -(double)INFINITY },
        { 0x7e00, 0x7fc0, (double)NAN, (double)NAN },
        { 0x8000, 0x8000, 0, 0 },
    };
    enum { N = sizeof rows / sizeof rows[0] };
    const tg_param_spec specs[] = { { .name = "half", .shape = TG_SHAPE(N) },
                                    { .name = "bfloat", .shape = TG_SHAPE(N) } };
    begin_file("{\"half\":{\"dtype\":\"F16\",\"shape\":[11],\"data_offsets\":[0,22]},"
               "\"bfloat\":{\"dtype\":\"BF16\",\"shape\":[11],\"data_offsets\":[22,44]}}");
    double half[N], bfloat[N];
    for (int i = 0; i < N; i++) {
        put_u16(rows[i].half);
        half[i] = rows[i].half_value;
    }
    for (int i = 0; i < N; i++) {
        put_u16(rows[i].bfloat);
        bfloat[i] = rows[i].bfloat_value;
    }
    const char *path = end_file(state);
    for (int d = 0; d < 2; d++) {
        tg_params *p = make((tg_dtype)d, specs, 2);
        tg_error err;
        if (tg_params_load(p, path, &err) != TG_OK)
            fail_msg("%s", err.text);
        assert_values(p, "half", half, N);
        assert_values(p, "bfloat", bfloat, N);
        tg_params_destroy(p);
    }
}

/* torch.nn.Sequential(Linear(3, 2), ReLU(), Linear(2, 1)) under "model.": weights are [outputs, inputs]. */
static const char sequential[] = "{\"__metadata__\":{\"format\":\"pt\"},"
                                 "\"model.0.bias\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
                                 "\"model.0.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[8,32]},"
                                 "\"model.2.bias\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[32,36]},"
                                 "\"model.2.weight\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[36,44]}}";
static const tg_param_spec layers[] = { { .name = "layer0.weight", .shape = { 2, { 3, 2 } } },
                                        { .name = "layer0.bias", .shape = { 1, { 2 } } },
                                        { .name = "layer1.weight", .shape = { 2, { 2, 1 } } },
                                        { .name = "layer1.bias", .shape = { 1, { 1 } } } };
static const char *const sequential_prefixes[] = { "model.0.", "layer0.", "model.2.", "layer1.", NULL };
static const char *const weight[] = { "weight", NULL };

static const char *write_sequential(void **state)
{
    begin_file(sequential);
    for (int i = 0; i < 11; i++)
        put_f32((float)i + 0.5f);
    return end_file(state);
}

static void weights_of_a_sequential_are_loaded_by_one_call(void **state)
{
    const char *path = write_sequential(state);
    for (int d = 0; d < 2; d++) {
        tg_params *p = make((tg_dtype)d, layers, 4);
        tg_error err;
        tg_load_report report;
        const tg_load_config config = { .prefixes = sequential_prefixes, .transposed = weight };
        if (tg_params_load_with(p, path, &config, &report, &err) != TG_OK)
            fail_msg("%s", err.text);
        assert_values(p, "layer0.bias", (double[]){ 0.5, 1.5 }, 2);
        assert_values(p, "layer0.weight", (double[]){ 2.5, 5.5, 3.5, 6.5, 4.5, 7.5 }, 6);
        assert_values(p, "layer1.bias", (double[]){ 8.5 }, 1);
        assert_values(p, "layer1.weight", (double[]){ 9.5, 10.5 }, 2);
        assert_true(report.loaded == 4 && report.missing == 0 && report.unexpected == 0);
        assert_string_equal(report.missing_names, "");
        tg_params_destroy(p);
    }
}

/* torch.nn.LSTM(2, 1) in a module with a batch norm, whose counter is an integer: [4 hidden, inputs], [4 hidden, hidden]. */
static void weights_of_an_lstm_are_loaded_by_one_call(void **state)
{
    begin_file("{\"norm.num_batches_tracked\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
               "\"rnn.weight_ih_l0\":{\"dtype\":\"BF16\",\"shape\":[4,2],\"data_offsets\":[8,24]},"
               "\"rnn.weight_hh_l0\":{\"dtype\":\"F32\",\"shape\":[4,1],\"data_offsets\":[24,40]},"
               "\"rnn.bias_ih_l0\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[40,56]},"
               "\"rnn.bias_hh_l0\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[56,72]}}");
    for (int i = 0; i < 4; i++)
        put_u16(0x1234);
    static const uint16_t one_to_eight[] = { 0x3f80, 0x4000, 0x4040, 0x4080, 0x40a0, 0x40c0, 0x40e0, 0x4100 };
    for (int i = 0; i < 8; i++)
        put_u16(one_to_eight[i]);
    for (int i = 0; i < 12; i++)
        put_f32((float)(10 + i));
    const char *path = end_file(state);
    const tg_param_spec cell[] = { { .name = "lstm.input", .shape = TG_SHAPE(2, 4) },
                                   { .name = "lstm.hidden", .shape = TG_SHAPE(1, 4) },
                                   { .name = "lstm.bias_ih_l0", .shape = TG_SHAPE(4) },
                                   { .name = "lstm.bias_hh_l0", .shape = TG_SHAPE(4) },
                                   { .name = "out", .shape = TG_SHAPE(2) } };
    tg_params *p = make(TG_F64, cell, 5);
    const double kept[] = { 7, 8 };
    tg_params_write_f64(p, 4, kept, 2, NULL);
    const char *const prefixes[] = {
        "rnn.weight_ih_l0", "lstm.input", "rnn.weight_hh_l0", "lstm.hidden", "rnn.", "lstm.", NULL
    };
    const char *const transposed[] = { "input", "hidden", NULL };
    tg_load_config config = { .prefixes = prefixes, .transposed = transposed };
    tg_load_report report;
    tg_error err;
    assert_int_equal(tg_params_load_with(p, path, &config, &report, &err), TG_ERR_FORMAT);
    assert_non_null(strstr(err.text, "'norm.num_batches_tracked' is not one of the set's 5"));
    config.partial = true;
    if (tg_params_load_with(p, path, &config, &report, &err) != TG_OK)
        fail_msg("%s", err.text);
    assert_true(report.loaded == 4 && report.missing == 1 && report.unexpected == 1);
    assert_string_equal(report.missing_names, "out");
    assert_string_equal(report.unexpected_names, "norm.num_batches_tracked");
    assert_values(p, "lstm.input", (double[]){ 1, 3, 5, 7, 2, 4, 6, 8 }, 8);
    assert_values(p, "lstm.hidden", (double[]){ 10, 11, 12, 13 }, 4);
    assert_values(p, "lstm.bias_ih_l0", (double[]){ 14, 15, 16, 17 }, 4);
    assert_values(p, "lstm.bias_hh_l0", (double[]){ 18, 19, 20, 21 }, 4);
    assert_values(p, "out", kept, 2);
    tg_params_destroy(p);
}

/* A matrix longer than the buffer through which values are read. */
static void a_long_matrix_is_transposed(void **state)
{
    enum { R = 41, C = 23 };
    begin_file("{\"w\":{\"dtype\":\"F32\",\"shape\":[41,23],\"data_offsets\":[0,3772]}}");
    for (int i = 0; i < R * C; i++)
        put_f32((float)i);
    const char *path = end_file(state);
    const tg_param_spec spec = { .name = "w", .shape = TG_SHAPE(C, R) };
    const char *const every[] = { "", NULL };
    for (int d = 0; d < 2; d++) {
        tg_params *p = make((tg_dtype)d, &spec, 1);
        double x[R * C];
        assert_int_equal(tg_params_load_with(p, path, &(tg_load_config){ .transposed = every }, NULL, NULL), TG_OK);
        tg_params_read_f64(p, 0, x, R * C, NULL);
        for (int i = 0; i < R; i++)
            for (int j = 0; j < C; j++)
                assert_true(x[j * R + i] == i * C + j);
        tg_params_destroy(p);
    }
}

static void what_does_not_fit_changes_nothing(void **state)
{
    const char *path = write_sequential(state);
    tg_params *p = make(TG_F32, layers, 4);
    const uint64_t version = tg_params_version(p);
    tg_load_report report;
    tg_error err;
    /* a weight that is not transposed has another shape, also in a partial load */
    tg_load_config config = { .prefixes = sequential_prefixes, .partial = true };
    assert_int_equal(tg_params_load_with(p, path, &config, &report, &err), TG_ERR_SHAPE);
    assert_non_null(strstr(err.text, "'model.0.weight' has shape [2, 3], expected [3, 2]"));
    /* two tensors of one name */
    const char *const same[] = { "model.0.", "layer0.", "model.2.bias", "layer0.bias", NULL };
    config = (tg_load_config){ .prefixes = same, .transposed = weight, .partial = true };
    const tg_param_spec narrow[] = { { .name = "layer0.bias", .shape = { 1, { 2 } } } };
    assert_int_equal(tg_params_load_with(p, path, &config, &report, &err), TG_ERR_SHAPE);
    begin_file("{\"a.b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
               "\"c.b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}");
    for (int i = 0; i < 4; i++)
        put_f32(1);
    path = end_file(state);
    const char *const both[] = { "a.", "layer0.bias", "c.b", "layer0.bias", "a", "", NULL };
    const char *const joined[] = { "a.b", "layer0.bias", "c.b", "layer0.bias", NULL };
    tg_params *q = make(TG_F32, narrow, 1);
    assert_int_equal(tg_params_load_with(q, path, &(tg_load_config){ .prefixes = joined }, &report, &err),
                     TG_ERR_FORMAT);
    assert_non_null(strstr(err.text, "both mapped to 'layer0.bias'"));
    /* nothing fits */
    config = (tg_load_config){ .partial = true };
    assert_int_equal(tg_params_load_with(q, path, &config, &report, &err), TG_ERR_FORMAT);
    assert_non_null(strstr(err.text, "no tensor is a parameter of the set; its names are a.b, c.b"));
    assert_true(report.unexpected == 2 && report.missing == 1 && report.loaded == 0);
    /* a part is missing */
    config = (tg_load_config){ .prefixes = both };
    assert_int_equal(tg_params_load_with(p, path, &config, &report, &err), TG_ERR_FORMAT);
    assert_true(tg_params_version(p) == version);
    assert_values(p, "layer0.weight", (double[6]){ 0 }, 6);
    tg_params_destroy(p);
    tg_params_destroy(q);
}

static void many_names_are_cut_between_characters(void **state)
{
    enum { MANY = 100 };
    static char header[8192];
    size_t n = (size_t)sprintf(header, "{\"w\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}");
    for (int i = 0; i < MANY / 3; i++)
        n += (size_t)sprintf(header + n,
                             ",\"na\xc3\xafve%d\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[4,4]}", i);
    strcpy(header + n, "}");
    begin_file(header);
    put_f32(3);
    const char *path = end_file(state);
    const tg_param_spec spec = { .name = "w" };
    tg_params *p = make(TG_F32, &spec, 1);
    tg_load_report report;
    assert_int_equal(tg_params_load_with(p, path, &(tg_load_config){ .partial = true }, &report, NULL), TG_OK);
    assert_true(report.unexpected == MANY / 3 && strlen(report.unexpected_names) > TG_LOAD_NAMES - 16);
    tg_params_destroy(p);
}

static void every_allocation_may_fail(void **state)
{
    const char *path = write_sequential(state);
    failing f = { 0 };
    const tg_allocator a = failing_allocator(&f);
    tg_params *p = tg_params_create_with(TG_F32, layers, 4, &a, NULL);
    const long held = f.outstanding;
    const tg_load_config config = { .prefixes = sequential_prefixes, .transposed = weight };
    tg_status status = TG_ERR_MEMORY;
    for (f.fail_at = 1; status != TG_OK; f.fail_at++) {
        f.calls = 0;
        status = tg_params_load_with(p, path, &config, NULL, NULL);
        assert_true(status == TG_OK || status == TG_ERR_MEMORY);
        assert_true(f.outstanding == held);
    }
    assert_true(f.fail_at > 6);
    tg_params_destroy(p);
    assert_true(f.outstanding == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_16_bits_are_converted_exactly),
        cmocka_unit_test(weights_of_a_sequential_are_loaded_by_one_call),
        cmocka_unit_test(weights_of_an_lstm_are_loaded_by_one_call),
        cmocka_unit_test(a_long_matrix_is_transposed),
        cmocka_unit_test(what_does_not_fit_changes_nothing),
        cmocka_unit_test(many_names_are_cut_between_characters),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("weights", tests, scratch_open, scratch_close);
}
