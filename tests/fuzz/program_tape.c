/* program_tape.c - steps on the tape: gradients, marks, modes, names, queries, prints, visits. */
#include "program.h"

#include <math.h>

static const tg_tensor null;

/* Gradients ------------------------------------------------------------------------------------------------------- */

static tg_tensor scalar_of(tg_tensor x)
{
    return tg_is_valid(x) && tg_size(x) != 1 ? tg_sum(x, TG_ALL, false) : x;
}

static void backward(program *p)
{
    const unsigned b = draw(p);
    const tg_tensor y = b % 8 ? scalar_of(pick(p)) : pick(p);
    if (y.tape)
        take_status(p, y.tape, tg_backward(y));
    else
        FUZZ_CHECK(tg_backward(y) == TG_ERR_ARGUMENT);
}

static tg_tensor draw_cotangent(program *p, tg_tensor y)
{
    const unsigned b = draw(p);
    if (b < 64 || !tg_is_valid(y))
        return b % 2 ? null : pick(p);
    return b < 128 ? y : tg_full(y.tape, tg_shape_of(y), draw_number(p));
}

static void backward_from(program *p)
{
    const tg_tensor y = pick(p), c = draw_cotangent(p, y);
    const tg_status status = tg_backward_from(y, c);
    if (y.tape || c.tape)
        take_status(p, y.tape ? y.tape : c.tape, status);
}

static void grad(program *p)
{
    const unsigned b = draw(p);
    const tg_tensor y = b % 4 ? scalar_of(pick(p)) : pick(p), c = b % 4 ? null : draw_cotangent(p, y);
    tg_tensor inputs[4], out[4];
    const int n = b >= 250 ? (int)b - 255 : (int)(b % 5);
    for (int i = 0; i < n; i++)
        inputs[i] = pick(p);
    const unsigned flags = b < 240 ? b / 5 % 2 : b;
    const tg_status status = tg_grad(y, c, b == 249 ? NULL : inputs, n, out, flags);
    tg_tape *t = y.tape ? y.tape : c.tape;
    if (t)
        take_status(p, t, status);
    for (int i = 0; i < n; i++) {
        FUZZ_CHECK(tg_is_valid(out[i]) == (status == TG_OK) && out[i].tape == t);
        take(p, out[i]);
    }
}

static void grad_of(program *p)
{
    take(p, tg_grad_of(pick(p)));
}

static void retain_grad(program *p)
{
    const tg_tensor x = pick(p), y = tg_retain_grad(x);
    FUZZ_CHECK(!tg_is_valid(y) || (y.id == x.id && y.epoch == x.epoch));
}

/* Memory ---------------------------------------------------------------------------------------------------------- */

static void mark(program *p)
{
    p->marks[draw_below(p, MARKS)] = tg_tape_mark(tape_of(p));
}

static void rewind_tape(program *p)
{
    const unsigned b = draw(p);
    tg_mark m = p->marks[b % MARKS];
    tg_tape *t = b < 240 ? (tg_tape *)(uintptr_t)m.tape : tape_of(p);
    take_status(p, t, tg_tape_rewind(t, m));
}

static void reset(program *p)
{
    if (draw(p) % 4 == 0)
        tg_tape_reset(tape_of(p));
}

static void switch_tape(program *p)
{
    p->current = !p->current;
}

/* Modes ----------------------------------------------------------------------------------------------------------- */

static void set_recording(program *p)
{
    const bool before = tg_tape_set_recording(tape_of(p), draw(p) % 4);
    take_bytes(p, &before, sizeof before);
}

static void set_training(program *p)
{
    const bool before = tg_tape_training(tape_of(p));
    FUZZ_CHECK(tg_tape_set_training(tape_of(p), draw(p) % 4) == before);
}

static void set_trap(program *p)
{
    const unsigned b = draw(p);
    tg_tape_set_trap(tape_of(p), b < 250 ? b % 2 : b);
}

/* Queries --------------------------------------------------------------------------------------------------------- */

static void name(program *p)
{
    const tg_tensor x = pick(p);
    const char *text = draw_name(p);
    take(p, tg_name(x, draw(p) == 255 ? NULL : text));
}

static void query(program *p)
{
    const tg_tensor x = pick(p);
    const tg_shape s = tg_shape_of(x);
    const int axis = draw_axis(p);
    const bool needs = tg_needs_grad(x);
    const int64_t numbers[] = { tg_rank(x), tg_size(x), tg_dim(x, axis), needs };
    take_bytes(p, s.dims, (size_t)s.rank * sizeof s.dims[0]);
    take_bytes(p, numbers, sizeof numbers);
}

static void item(program *p)
{
    const tg_tensor x = pick(p);
    const double value = tg_item(x);
    take_bytes(p, &value, sizeof value);
}

static void read_values(program *p)
{
    double wide[64] = { 0 };
    float narrow[64] = { 0 };
    const unsigned b = draw(p);
    const tg_tensor x = pick(p);
    const int64_t size = tg_is_valid(x) ? tg_size(x) : 1, n = b < 224 && size <= 64 ? size : (int64_t)(b % 66) - 1;
    const tg_status status = b % 2 ? tg_read(x, b == 255 ? NULL : wide, n > 64 ? 64 : n)
                                   : tg_read(x, b == 254 ? NULL : narrow, n > 64 ? 64 : n);
    if (x.tape)
        take_status(p, x.tape, status);
    take_bytes(p, wide, sizeof wide);
    take_bytes(p, narrow, sizeof narrow);
}

/* What fits of the text. */
static void print(program *p)
{
    static FILE *out;
    static char text[1 << 16];
    if (!out)
        FUZZ_CHECK(out = fmemopen(text, sizeof text, "w"));
    rewind(out);
    const tg_tensor x = pick(p);
    const tg_status status = tg_print(out, x);
    FUZZ_CHECK(status == TG_ERR_IO || status == (x.tape ? tg_tape_status(x.tape) : TG_ERR_ARGUMENT));
    const long n = fflush(out) == 0 ? ftell(out) : 0;
    clearerr(out);
    for (long i = 0; i < n; i++)
        FUZZ_CHECK((unsigned char)text[i] >= ' ' || text[i] == '\n');
    take_bytes(p, text, n > 0 ? (size_t)n : 0);
}

/* Visits ---------------------------------------------------------------------------------------------------------- */

typedef struct visit_state {
    program *p;
    unsigned deed;
    int n, most;
} visit_state;

static bool visit(void *context, const tg_visit *v)
{
    visit_state *s = context;
    program *p = s->p;
    FUZZ_CHECK(v->op && v->n_inputs >= 0 && (v->n_inputs == 0 || v->inputs) && v->tensor.tape == tape_of(p));
    FUZZ_CHECK(v->shape.rank >= 0 && v->shape.rank <= TG_MAX_RANK);
    take_bytes(p, v->op, strlen(v->op));
    take_bytes(p, v->name ? v->name : "", v->name ? strlen(v->name) : 0);
    if (s->n++ == 1) {
        if (s->deed == 1)
            take(p, tg_exp(v->tensor));
        else if (s->deed == 2)
            tg_tape_reset(v->tensor.tape);
        else if (s->deed == 3)
            tg_tape_rewind(v->tensor.tape, p->marks[0]);
        else if (s->deed == 4)
            tg_tape_destroy(v->tensor.tape);
        else if (s->deed == 5)
            take_status(p, v->tensor.tape, tg_backward(scalar_of(v->tensor)));
        else if (s->deed == 6)
            tg_name(v->tensor, "visited");
        else if (s->deed == 7)
            tg_tape_each(v->tensor.tape, visit, s);
    }
    return s->n < s->most;
}

static void each(program *p)
{
    const unsigned b = draw(p);
    visit_state s = { .p = p, .deed = b % 8, .most = 3 + (int)(b / 8) };
    take_status(p, tape_of(p), tg_tape_each(tape_of(p), b == 255 ? NULL : visit, &s));
}

const step tape_steps[] = {
    STEP(backward, MAY_CHANGE_GRADS),
    STEP(backward, MAY_CHANGE_GRADS),
    STEP(backward_from, MAY_CHANGE_GRADS),
    STEP(grad, 0),
    STEP(grad, 0),
    STEP(grad_of, 0),
    STEP(grad_of, 0),
    STEP(retain_grad, 0),
    STEP(mark, 0),
    STEP(rewind_tape, 0),
    STEP(reset, 0),
    STEP(switch_tape, 0),
    STEP(set_recording, 0),
    STEP(set_training, 0),
    STEP(set_trap, 0),
    STEP(name, 0),
    STEP(query, 0),
    STEP(item, 0),
    STEP(read_values, 0),
    STEP(print, 0),
    STEP(each, MAY_CHANGE_GRADS),
};
const int n_tape_steps = sizeof tape_steps / sizeof tape_steps[0];
