/* program.c - running a program: its draws, its tensors, and what is checked after each step. */
#include "program.h"

#include <float.h>
#include <math.h>

/* Draws ----------------------------------------------------------------------------------------------------------- */

tg_shape draw_shape(program *p)
{
    static const int64_t sizes[] = { 1, 2, 3, 4, 2, 3, 0, 1, 5, 7, 2, 3, 17, 33, 70, 1030 };
    static const int64_t wrong[] = { -1, INT64_MAX, INT64_C(1) << 31, INT64_MIN, INT64_C(1) << 40, 3000, 2050, 600 };
    static const int ranks[] = { -1, 9, INT_MAX, INT_MIN, 8, 7, 6, 5 };
    const unsigned b = draw(p);
    tg_shape s = { .rank = b < 232 ? (int)(b % 4) : b < 240 ? (int)(b % 9) : ranks[b % 8] };
    for (int d = 0; d < s.rank && d < TG_MAX_RANK; d++) {
        const unsigned size = draw(p);
        s.dims[d] = size < 128 ? sizes[size % 8] : size < 240 ? sizes[size % 16] : wrong[size % 8];
    }
    return s;
}

double draw_number(program *p)
{
    static const double numbers[] = { 0,         1,       -1,      0.5,   2,    3,     -2,          1e-3,
                                      0.9,       TG_ZERO, -0.25,   1e-8,  1e30, -1e30, (double)NAN, HUGE_VAL,
                                      -HUGE_VAL, 1e-310,  DBL_MAX, 1e-45, -0.0, 100 };
    return numbers[draw_below(p, sizeof numbers / sizeof numbers[0])];
}

int draw_axis(program *p)
{
    const unsigned b = draw(p);
    static const int axes[] = { 0, 1, -1, TG_ALL, 2, -2, 0, -1 };
    static const int wrong[] = { 8, -9, INT_MAX, 3, -3, INT_MIN + 1, 7, -8 };
    return b < 224 ? axes[b % 8] : wrong[b % 8];
}

const char *draw_name(program *p)
{
    static char name[800];
    const unsigned length = draw(p);
    const unsigned n = length < 240 ? length % 24 : 600;
    unsigned i = 0;
    for (; i < n; i++)
        name[i] = (char)(length < 240 ? 1 + draw(p) % 255 : 'a' + i % 26);
    name[i] = '\0';
    return name;
}

/* Numbers of two kinds, which leaves take from one of 16 places on. */
typedef struct numbers {
    double f64[2][DATA + 16];
    float f32[2][DATA + 16];
    int32_t indices[2][DATA + 16];
} numbers;

static const numbers *all_numbers(void)
{
    static numbers all;
    static const double special[] = { 0,         -0.0,  1,     HUGE_VAL, -1, (double)NAN, 1e-310, 1e300,
                                      -HUGE_VAL, 1e-40, -1e30, 0.5,      3 };
    if (all.indices[0][1])
        return &all;
    for (int i = 0; i < DATA + 16; i++) {
        const double values[] = { (i * 37 % 101 - 50) / 25., special[i % (int)(sizeof special / sizeof special[0])] };
        for (int kind = 0; kind < 2; kind++) {
            all.f64[kind][i] = values[kind];
            all.f32[kind][i] = (float)values[kind];
            all.indices[kind][i] = kind && i % 5 == 4 ? i - 7 : i % 2;
        }
    }
    return &all;
}

const double *draw_f64(program *p)
{
    const unsigned b = draw(p);
    return all_numbers()->f64[b >= 192] + b % 16;
}

const float *draw_f32(program *p)
{
    const unsigned b = draw(p);
    return all_numbers()->f32[b >= 192] + b % 16;
}

const int32_t *draw_indices(program *p)
{
    const unsigned b = draw(p);
    return all_numbers()->indices[b >= 192] + b % 16;
}

/* Digests --------------------------------------------------------------------------------------------------------- */

uint64_t digest_bytes(uint64_t digest, const void *data, size_t bytes)
{
    const uint64_t prime = UINT64_C(0x9e3779b97f4a7c15);
    const char *at = data;
    digest = (digest ^ bytes) * prime;
    for (; bytes >= 8; bytes -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        digest = (digest ^ word) * prime;
        digest ^= digest >> 32;
    }
    for (; bytes > 0; bytes--, at++)
        digest = (digest ^ (uint8_t)*at) * prime;
    return digest ^ digest >> 29;
}

/* Of a valid tensor. */
static uint64_t digest_tensor(tg_tensor x)
{
    const tg_shape s = tg_shape_of(x);
    const size_t bytes = (size_t)tg_size(x) * tg_dtype_size(tg_tape_dtype(x.tape));
    const uint64_t digest = digest_bytes(7, s.dims, (size_t)s.rank * sizeof s.dims[0]);
    const void *data = tg_data(x);
    FUZZ_CHECK(data || bytes == 0 || tg_tape_status(x.tape) != TG_OK);
    return data ? digest_bytes(digest, data, bytes) : digest;
}

static uint64_t digest_values(tg_params *set, uint64_t digest)
{
    int64_t n;
    const void *values = tg_params_values(set, &n);
    const uint64_t version = tg_params_version(set);
    digest = digest_bytes(digest, &version, sizeof version);
    return values ? digest_bytes(digest, values, (size_t)n * tg_dtype_size(tg_params_dtype(set))) : digest;
}

static uint64_t digest_grads(tg_params *set, uint64_t digest)
{
    double grad[64];
    for (int i = 0; i < tg_params_count(set); i++) {
        const tg_shape s = tg_params_shape(set, i);
        const int64_t n = tg_shape_size(&s);
        const tg_status status = tg_params_read_grad_f64(set, i, grad, n, NULL);
        FUZZ_CHECK(n <= 64 && (status == TG_OK || status == TG_ERR_STATE));
        digest = digest_bytes(digest, grad, status == TG_OK ? (size_t)n * sizeof grad[0] : 0);
    }
    return digest;
}

static uint64_t digest_all(const program *p, uint64_t (*digest)(tg_params *set, uint64_t before))
{
    const uint64_t first = p->params ? digest(p->params, 1) : 0;
    return p->net ? digest(tg_mlp_params(p->net), first) : first;
}

void take_bytes(program *p, const void *data, size_t bytes)
{
    p->step = digest_bytes(p->step, data, bytes);
}

/* Tensors --------------------------------------------------------------------------------------------------------- */

static bool is_usable(const program *p, tg_tensor x)
{
    return x.tape == tape_of(p) && tg_is_valid(x);
}

tg_tensor pick(program *p)
{
    const unsigned b = draw(p);
    if (b >= 244)
        return pick_any(p);
    for (unsigned i = 0; i < POOL; i++) {
        const tg_tensor x = p->pool[(b + i) % POOL].x;
        if (is_usable(p, x))
            return x;
    }
    const tg_tensor x = tg_variable(tape_of(p), TG_SHAPE(2, 3), draw_f64(p));
    take(p, x);
    return x;
}

tg_tensor pick_any(program *p)
{
    const unsigned b = draw(p);
    if (b < 16)
        return (tg_tensor){ 0 };
    if (b < 32)
        return (tg_tensor){ .tape = p->tapes[b % TAPES] };
    if (b < 48)
        return (tg_tensor){ .tape = p->tapes[b % TAPES], .id = b * 8, .epoch = b % 4 };
    return p->pool[b % POOL].x;
}

void take(program *p, tg_tensor x)
{
    const bool is_valid = tg_is_valid(x);
    FUZZ_CHECK(is_valid || !x.tape || tg_tape_status(x.tape) != TG_OK);
    take_bytes(p, &is_valid, sizeof is_valid);
    if (!is_valid && p->step % 4)
        return; /* some bad ones are kept, to be used */
    p->newest = (p->newest + 1) % POOL;
    p->pool[p->newest] = (kept_tensor){ .x = x, .digest = is_valid ? digest_tensor(x) : 0 };
    take_bytes(p, &p->pool[p->newest].digest, sizeof p->pool[0].digest);
}

void refresh(program *p)
{
    for (int i = 0; i < POOL; i++)
        if (tg_is_valid(p->pool[i].x))
            p->pool[i].digest = digest_tensor(p->pool[i].x);
}

static void check_pool(const program *p, int64_t largest)
{
    for (int i = 0; i < POOL; i++) {
        const tg_tensor x = p->pool[i].x;
        if (tg_is_valid(x) && tg_size(x) <= largest)
            FUZZ_CHECK(digest_tensor(x) == p->pool[i].digest);
    }
}

/* Errors ---------------------------------------------------------------------------------------------------------- */

/* A sentence that does not break off, and that a terminal can be shown. */
static void check_sentence(const char *text)
{
    const size_t n = strlen(text);
    const char *end = text + n;
    FUZZ_CHECK(n > 8 && strchr(text, ' ') && !strchr(" :;,([", end[-1]));
    for (const char *at = text; at < end; at += tg_utf8_size(at, end))
        FUZZ_CHECK(tg_utf8_size(at, end) > 0 && (unsigned char)*at >= ' ' && *at != 0x7f);
}

static void take_any_status(program *p, tg_status status, const char *text)
{
    FUZZ_CHECK(status >= TG_OK && status <= TG_ERR_FORMAT);
    if (status == TG_OK)
        FUZZ_CHECK(text[0] == '\0');
    else
        check_sentence(text);
    p->saw_error |= status != TG_OK;
    take_bytes(p, &status, sizeof status);
    take_bytes(p, text, strlen(text));
}

void take_status(program *p, const tg_tape *tape, tg_status status)
{
    FUZZ_CHECK(status == tg_tape_status(tape));
    take_bytes(p, &status, sizeof status);
}

void take_error(program *p, tg_status status, const tg_error *err)
{
    FUZZ_CHECK(status == err->status);
    take_any_status(p, status, err->text);
}

/* Running --------------------------------------------------------------------------------------------------------- */

/* With FUZZ_TRACE in the environment a program tells what it does. */
static bool traces(void)
{
    static int on = -1;
    if (on < 0)
        on = getenv("FUZZ_TRACE") != NULL;
    return on;
}

static void check_step(program *p, bool all)
{
    for (int i = 0; i < TAPES; i++) {
        const tg_tape_usage u = tg_tape_memory(p->tapes[i]);
        take_any_status(p, tg_tape_status(p->tapes[i]), tg_tape_message(p->tapes[i]));
        if (traces() && tg_tape_status(p->tapes[i]) != TG_OK)
            fprintf(stderr, "  tape %d: %s\n", i, tg_tape_message(p->tapes[i]));
        FUZZ_CHECK(u.bytes == p->tape_memory[i].bytes);
    }
    const uint64_t values = digest_all(p, digest_values), grads = digest_all(p, digest_grads);
    FUZZ_CHECK(p->may & MAY_CHANGE_VALUES || values == p->values_digest);
    FUZZ_CHECK(p->may & MAY_CHANGE_GRADS || grads == p->grads_digest);
    take_bytes(p, &values, sizeof values);
    take_bytes(p, &grads, sizeof grads);
    p->values_digest = values;
    p->grads_digest = grads;
    if (p->may & MAY_CHANGE_VALUES)
        refresh(p);
    check_pool(p, all ? INT64_MAX : 64);
}

/* An error is cleared by going back to where the tape was before it, or, where that is gone, by a reset. */
static void recover(program *p, const tg_mark *before)
{
    for (int i = 0; i < TAPES; i++) {
        tg_tape *t = p->tapes[i];
        if (tg_tape_status(t) != TG_OK && tg_tape_rewind(t, before[i]) != TG_OK)
            tg_tape_reset(t);
        FUZZ_CHECK(tg_tape_status(t) == TG_OK || p->tape_memory[i].blocks == 0);
    }
}

static const step *draw_step(program *p)
{
    const unsigned b = draw(p);
    const step *const subjects[] = { leaf_steps, op_steps,   op_steps,     op_steps,
                                     tape_steps, tape_steps, params_steps, user_steps };
    const int counts[] = { n_leaf_steps, n_op_steps,   n_op_steps,     n_op_steps,
                           n_tape_steps, n_tape_steps, n_params_steps, n_user_steps };
    return &subjects[b % 8][draw_below(p, (unsigned)counts[b % 8])];
}

static void run_step(program *p)
{
    const tg_mark before[TAPES] = { tg_tape_mark(p->tapes[0]), tg_tape_mark(p->tapes[1]) };
    const long failed = p->supply->failed;
    const step *s = draw_step(p);
    p->step = 1;
    p->saw_error = false;
    p->may = s->may;
    if (traces())
        fprintf(stderr, "step %d, %s on tape %d\n", p->steps, s->name, p->current);
    s->run(p);
    check_step(p, p->steps % 8 == 7);
    FUZZ_CHECK(p->supply->failed == failed || p->saw_error);
    if (!p->keeps_error)
        recover(p, before);
    p->log[p->steps++] = p->step;
    p->unharmed += p->supply->failed == 0;
}

static void make_tapes(program *p)
{
    const unsigned b = draw(p);
    const tg_dtype dtypes[TAPES] = { b & 1 ? TG_F64 : TG_F32, b & 2 ? TG_F64 : TG_F32 };
    p->keeps_error = b & 4;
    for (int i = 0; i < TAPES; i++) {
        if (p->tapes[i] && p->tape_memory[i].blocks) {
            tg_tape_reset(p->tapes[i]);
            tg_tape_set_recording(p->tapes[i], true);
            tg_tape_set_training(p->tapes[i], true);
            tg_tape_set_trap(p->tapes[i], 0);
            continue;
        }
        p->tape_memory[i] = (owner){ .from = p->supply };
        const tg_allocator a = strict_allocator(&p->tape_memory[i]);
        p->tapes[i] = tg_tape_create_with(dtypes[i], &a);
        FUZZ_CHECK((tg_tape_status(p->tapes[i]) == TG_OK) == (p->tape_memory[i].blocks > 0));
    }
}

static void free_objects(program *p)
{
    tg_optimizer_destroy(p->optimizer);
    tg_mlp_destroy(p->net);
    tg_params_destroy(p->params);
    p->optimizer = NULL;
    p->net = NULL;
    p->params = NULL;
    FUZZ_CHECK(p->object_memory.blocks == 0 && p->object_memory.bytes == 0);
}

program *running;

void program_run(program *p, const uint8_t *data, size_t size)
{
    p->at = data;
    p->end = data + size;
    p->object_memory = (owner){ .from = p->supply };
    make_tapes(p);
    p->current = 0;
    p->newest = 0;
    p->remembered = (tg_tensor){ 0 };
    memset(p->pool, 0, sizeof p->pool);
    p->rng = tg_rng_seed(1);
    p->values_digest = p->grads_digest = 0;
    p->has_file = false;
    p->steps = p->unharmed = 0;
    running = p;
    for (int i = 0; i < MARKS; i++)
        p->marks[i] = tg_tape_mark(p->tapes[i % TAPES]);
    while (p->at < p->end && p->steps < STEPS_MOST)
        run_step(p);
    check_pool(p, INT64_MAX);
    for (int i = 0; i < TAPES; i++)
        tg_tape_reset(p->tapes[i]);
    free_objects(p);
}

void program_end(program *p)
{
    for (int i = 0; i < TAPES; i++)
        tg_tape_destroy(p->tapes[i]);
    FUZZ_CHECK(p->supply->n == 0 && p->supply->bytes == 0);
}
