/* bench_ops.c - every operation of ops.list, forward and backward: nanoseconds at one element, bytes a second at a
   million.

   An elementwise operation is applied to its first sample's inputs, enlarged to one shape; subjects.c has the shapes of the
   others. An operation that is only used in the backward pass of another one, and is not elementwise, is timed only at the
   size of its sample; at a million elements it is part of the other one's row. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "subjects.h"

/* One operation, recorded on a tape. */
typedef struct trial {
    const tg_op *op;
    const subject *subject; /* NULL: `op` with the attributes of its first sample */
    tg_tape *tape;
    int n;
    tg_tensor x[SUBJECT_INPUTS], y, cotangent;
    tg_mark mark; /* after all of these */
} trial;

static tg_tensor apply(const trial *t)
{
    const tg_sample *s = t->op->samples;
    return t->subject ? t->subject->apply(t->x) : tg_apply(t->op, t->x, t->n, s->attributes, s->attribute_bytes);
}

static void run_forward(void *context)
{
    trial *t = context;
    apply(t);
    tg_tape_rewind(t->tape, t->mark);
}

static void run_backward(void *context)
{
    const trial *t = context;
    tg_backward_from(t->y, t->cotangent);
}

/* Inputs -------------------------------------------------------------------------------------------------------- */

enum size { ONE, MILLION, AS_SAMPLED };

static tg_shape shape_of(const trial *t, int i, enum size size)
{
    if (size == AS_SAMPLED)
        return t->op->samples->inputs[i].shape;
    tg_shape shape = t->subject ? t->subject->shapes[i] : TG_SHAPE(1000, 1000);
    for (int d = 0; d < shape.rank && size == ONE; d++)
        shape.dims[d] = 1;
    if (size == ONE && !t->subject)
        shape.rank = 0;
    return shape;
}

static tg_tensor make_input(const trial *t, int i, enum size size)
{
    tg_sample_input in = t->subject ? (tg_sample_input){ 0 } : t->op->samples->inputs[i];
    if (in.kind == TG_SAMPLE_ABSENT)
        return (tg_tensor){ 0 };
    if (in.lo == 0 && in.hi == 0) {
        in.lo = t->subject ? 0 : -2; /* losses need 0 .. 1 */
        in.hi = t->subject ? 1 : 2;
    }
    const tg_shape shape = shape_of(t, i, size);
    const int64_t n = tg_shape_size(&shape);
    float *values = bench_alloc((size_t)n * sizeof *values);
    bench_fill(TG_F32, values, n, in.lo, in.hi);
    for (int64_t j = 0; j < n && in.kind == TG_SAMPLE_MASK; j++)
        values[j] = j % 3 ? 1.0f : 0.0f;
    const tg_tensor x =
        in.kind == TG_SAMPLE_MASK ? tg_constant(t->tape, shape, values) : tg_variable(t->tape, shape, values);
    free(values);
    return x;
}

/* One backward allocates the gradients. */
static void open_trial(const bench *b, trial *t, enum size size)
{
    t->tape = tg_tape_create(TG_F32);
    t->n = t->subject ? t->subject->n : t->op->samples->n;
    for (int i = 0; i < t->n; i++)
        t->x[i] = make_input(t, i, size);
    t->y = apply(t);
    t->cotangent = tg_full(t->tape, tg_shape_of(t->y), 0.5);
    t->mark = tg_tape_mark(t->tape);
    if (tg_backward_from(t->y, t->cotangent) != TG_OK)
        bench_fail(b, "%s", tg_tape_message(t->tape));
}

static void close_trial(const bench *b, trial *t)
{
    if (tg_tape_status(t->tape) != TG_OK)
        bench_fail(b, "%s", tg_tape_message(t->tape));
    tg_tape_destroy(t->tape);
}

/* Each input and the output counted once, and for backward the gradients of the inputs, too. */
static double bytes_of(const trial *t, bool backward)
{
    int64_t elements = tg_size(t->y);
    for (int i = 0; i < t->n; i++)
        if (t->x[i].tape)
            elements += tg_size(t->x[i]) * (backward && tg_needs_grad(t->x[i]) ? 2 : 1);
    return (double)elements * sizeof(float);
}

/* Rows ----------------------------------------------------------------------------------------------------------- */

static const bench_column columns[] = {
    { "name", "operation", 20, BENCH_TEXT },
    { "record_ns", "record ns", 10, 1 },
    { "reverse_ns", "reverse ns", 11, 1 },
    { "forward_us", "forward µs", 12, 1 },
    { "forward_gb_per_s", "GB/s", 6, 1 },
    { "forward_share_of_copy", "of copy %", 9, 0 },
    { "backward_us", "backward µs", 13, 1 },
    { "backward_gb_per_s", "GB/s", 6, 1 },
    { "backward_share_of_copy", "of copy %", 9, 0 },
};

/* Bytes a second; a dash for an operation that moves none because its result shares the memory of its input. */
static double speed(double bytes, double seconds)
{
    const double least = 2e-6;
    return seconds < least ? BENCH_NOTHING : bytes / seconds;
}

/* Seconds for recording the operation and rewinding the tape, and for a reverse pass over it alone. */
static void time_small(const bench *b, trial *t, bench_time *times)
{
    open_trial(b, t, t->subject || t->op->flags & TG_OP_ELEMENTWISE ? ONE : AS_SAMPLED);
    times[0].median = bench_time_of(run_forward, t, bench_budget(b, 0.05));
    times[1].median = bench_time_of(run_backward, t, bench_budget(b, 0.05));
    close_trial(b, t);
}

typedef struct passes {
    double forward, backward;             /* seconds */
    double forward_speed, backward_speed; /* bytes a second */
    double copy_speed;                    /* of a copy just before them */
} passes;

/* The same for a million elements, one measurement after the other: interleaved, they would evict each other's data from
   the last-level cache. */
static passes time_large(const bench *b, trial *t)
{
    enum { COPIED = 1000000 };
    const double budget = bench_budget(b, 0.15);
    bench_copy_buffers *buffers = bench_copy_buffers_create(COPIED);
    const double copy = bench_time_of(bench_copy, buffers, budget);
    bench_copy_buffers_destroy(buffers);
    open_trial(b, t, MILLION);
    const double forward = bench_time_of(run_forward, t, budget), backward = bench_time_of(run_backward, t, budget);
    const passes p = {
        .forward = forward,
        .backward = backward,
        .forward_speed = speed(bytes_of(t, false), forward),
        .backward_speed = speed(bytes_of(t, true), backward),
        .copy_speed = speed(2.0 * COPIED * sizeof(float), copy),
    };
    close_trial(b, t);
    return p;
}

static void measure(bench *b, const tg_op *op, const subject *s)
{
    char name[64];
    snprintf(name, sizeof name, "%s%s", op->name, s ? s->what : "");
    if (!bench_wants(b, name))
        return;
    trial t = { .op = op, .subject = s };
    bench_time small[2];
    passes large = { BENCH_NOTHING, BENCH_NOTHING, BENCH_NOTHING, BENCH_NOTHING, BENCH_NOTHING };
    time_small(b, &t, small);
    if (s || op->flags & TG_OP_ELEMENTWISE)
        large = time_large(b, &t);
    bench_row(b, (bench_cell[]){
                     { .text = name },
                     { .number = small[0].median * 1e9 },
                     { .number = small[1].median * 1e9 },
                     { .number = large.forward * 1e6 },
                     { .number = large.forward_speed / 1e9 },
                     { .number = 100 * large.forward_speed / large.copy_speed },
                     { .number = large.backward * 1e6 },
                     { .number = large.backward_speed / 1e9 },
                     { .number = 100 * large.backward_speed / large.copy_speed },
                 });
}

int main(int argc, char **argv)
{
    bench b;
    bench_start(&b, argc, argv, 0, "every operation at one element and at a million, float32.");
    subjects_prepare();
    bench_table(&b, "Operations: one element, and a million", columns, BENCH_COUNT(columns));
    for (int i = 0; i < tg_op_count(); i++) {
        const tg_op *op = tg_op_at(i);
        int rows = 0;
        for (int s = 0; s < n_subjects; s++)
            if (!strcmp(subjects[s].op, op->name)) {
                measure(&b, op, &subjects[s]);
                rows++;
            }
        if (!rows)
            measure(&b, op, NULL);
    }
    return bench_finish(&b);
}
