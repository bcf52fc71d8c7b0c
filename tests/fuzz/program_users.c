/* program_users.c - steps with operations of a user's, whose functions do what they should not: they call back, give
   shapes, statuses and tensors that are none, or leave out what they should do. */
#include "program.h"

enum where { IN_SHAPE, IN_FORWARD, IN_VJP };

/* The attributes of a user's operation: what goes wrong, where, and how. */
typedef struct fault {
    uint8_t where, kind, number, calls_back;
} fault;

static int depth; /* of functions that call back within one another */

/* A step of the program in the middle of an operation, on its own tape or the other one. */
static void call_back(const fault *f, enum where where)
{
    enum { DEEPEST = 2 };
    if (!f->calls_back || f->where != where || depth == DEEPEST)
        return;
    program *p = running;
    const int current = p->current;
    const step *const subjects[] = { tape_steps, tape_steps, op_steps, leaf_steps, user_steps, params_steps };
    const int counts[] = { n_tape_steps, n_tape_steps, n_op_steps, n_leaf_steps, n_user_steps, n_params_steps };
    const unsigned subject = f->calls_back % 6;
    p->current ^= f->number % 2;
    depth++;
    p->is_called_back = true;
    const step *s = &subjects[subject][draw_below(p, (unsigned)counts[subject])];
    p->may |= s->may;
    s->run(p);
    depth--;
    p->is_called_back = depth > 0;
    p->current = current;
}

static int kind_of(const fault *f, enum where where)
{
    return f->where == where ? f->kind : 0;
}

/* Shape rule ------------------------------------------------------------------------------------------------------ */

static tg_status shape_rule(tg_call *c, tg_shape *out)
{
    const fault *f = tg_call_attributes(c);
    int axis;
    call_back(f, IN_SHAPE);
    *out = tg_call_shape(c, 0);
    switch (kind_of(f, IN_SHAPE) % 16) {
    case 1:
        out->rank = (int)f->number - 128;
        break;
    case 2:
        out->rank = 1;
        out->dims[0] = (int64_t)f->number - 128;
        break;
    case 3:
        *out = TG_SHAPE(INT64_MAX, 2);
        break;
    case 4:
        *out = TG_SHAPE(1000000, 1000);
        break;
    case 5:
        *out = TG_SHAPE(tg_call_size(c, 0) + 1);
        break;
    case 6:
        *out = TG_SCALAR;
        break;
    case 7:
        return tg_call_fail(c, (tg_status)(f->number % 16), "number %d is refused", f->number);
    case 8:
        tg_call_fail(c, (tg_status)((int)f->number - 100), NULL);
        break; /* and goes on as if nothing had happened */
    case 9:
        return (tg_status)((int)f->number - 100);
    case 10:
        return tg_call_output(c) ? TG_OK : TG_ERR_STATE;
    case 11:
        return tg_call_input(c, 0) ? TG_OK : TG_ERR_STATE;
    case 12:
        return tg_call_scratch(c, 8) ? TG_OK : TG_ERR_MEMORY;
    case 13:
        return tg_call_axis(c, (int)f->number - 100, f->number % 5 - 2, &axis);
    case 14:
        return tg_shape_broadcast(c, out);
    case 15:
        return tg_shape_broadcast(c, f->number % 2 ? NULL : out);
    default:
        break;
    }
    return TG_OK;
}

/* Forward --------------------------------------------------------------------------------------------------------- */

/* Half of input 0 where that has as many elements as the output, else zeros. */
static void fill(tg_call *c)
{
    const int64_t n = tg_call_output_size(c);
    const bool accumulates = tg_call_accumulates(c), has_values = tg_call_has(c, 0) && tg_call_size(c, 0) == n;
    if (tg_call_dtype(c) == TG_F64) {
        const double *x = has_values ? tg_call_input(c, 0) : NULL;
        double *y = tg_call_output(c);
        for (int64_t i = 0; i < n; i++)
            y[i] = (x ? x[i] / 2 : 0) + (accumulates ? y[i] : 0);
    } else {
        const float *x = has_values ? tg_call_input(c, 0) : NULL;
        float *y = tg_call_output(c);
        for (int64_t i = 0; i < n; i++)
            y[i] = (x ? x[i] / 2 : 0) + (accumulates ? y[i] : 0);
    }
}

static tg_status forward(tg_call *c)
{
    const fault *f = tg_call_attributes(c);
    call_back(f, IN_FORWARD);
    fill(c);
    switch (kind_of(f, IN_FORWARD) % 8) {
    case 1:
        return (tg_status)((int)f->number - 100);
    case 2:
        tg_call_fail(c, (tg_status)((int)f->number - 100), "%s", "it failed");
        break;
    case 3:
        return tg_call_fail(c, TG_ERR_RANGE, "number %d is refused", f->number);
    case 4:
        for (int i = 0; i < f->number % 16; i++) {
            void *scratch = tg_call_scratch(c, (size_t)f->number * 8);
            if (!scratch)
                return TG_ERR_MEMORY;
            memset(scratch, 0, (size_t)f->number * 8);
        }
        break;
    case 5:
        return tg_call_scratch(c, SIZE_MAX / (f->number + 1U)) ? TG_OK : TG_ERR_MEMORY;
    case 6:
        return tg_call_input(c, f->number) ? TG_OK : TG_ERR_RANGE;
    default:
        break;
    }
    return TG_OK;
}

/* Vjp ------------------------------------------------------------------------------------------------------------- */

static void give_fault(tg_vjp *v, const fault *f)
{
    program *p = running;
    const tg_tensor g = tg_cotangent(v), x = tg_input(v, 0);
    switch (kind_of(f, IN_VJP) % 16) {
    case 1:
        tg_give(v, 0, (tg_tensor){ 0 });
        break;
    case 2:
        tg_give(v, 0, pick_any(p));
        break;
    case 3:
        tg_give(v, (int)f->number - 128, g);
        break;
    case 4:
        tg_give(v, 0, tg_sum(g, TG_ALL, false));
        break;
    case 5:
        tg_give(v, 0, tg_concat((tg_tensor[]){ g, g }, 2, 0));
        break;
    case 6:
        for (int i = 0; i < f->number; i++)
            tg_give(v, 0, g);
        break;
    case 7:
        tg_give(v, 0, p->remembered);
        break;
    case 8:
        p->remembered = tg_mul(g, g);
        break;
    case 9:
        tg_give(v, 0, tg_mul(g, tg_output(v)));
        break;
    case 10:
        tg_give(v, 0, tg_mul(x, tg_input(v, (int)f->number - 128)));
        break;
    case 11:
        tg_give(v, 0, tg_name(tg_exp(x), "made in a vjp"));
        p->remembered = x;
        break;
    case 12:
        tg_give(v, 0, tg_retain_grad(tg_scale(g, 2)));
        break;
    case 13:
        tg_give(v, 0, tg_detach(tg_wants(v, 0) ? g : x));
        break;
    case 14:
        tg_give(v, 0, tg_item(tg_sum(g, TG_ALL, false)) > 0 ? g : tg_neg(g));
        break;
    case 15:
        tg_give(v, 0, tg_broadcast_to(g, TG_SHAPE(2, 2, 3)));
        break;
    default:
        break;
    }
}

static void vjp(tg_vjp *v)
{
    const fault *f = tg_vjp_attributes(v);
    call_back(f, IN_VJP);
    for (int i = 0; i < tg_vjp_count(v); i++)
        if (tg_wants(v, i) && kind_of(f, IN_VJP) % 32 < 16)
            tg_give(v, i, tg_scale(tg_cotangent(v), 0.5));
    give_fault(v, f);
}

/* The operations: whole ones of each kind, and incomplete ones ---------------------------------------------------- */

#define FUNCTIONS .shape = shape_rule, .forward = forward, .vjp = vjp
static const tg_op ops[] = {
    { .name = "one", .arity = 1, .order = TG_ORDER_ANY, FUNCTIONS },
    { .name = "two", .arity = 2, .order = TG_ORDER_ANY, .optional = 2, FUNCTIONS },
    { .name = "several", .arity = TG_VARIADIC, .order = TG_ORDER_ANY, .optional = 0xff, FUNCTIONS },
    { .name = "adding", .arity = 1, .order = TG_ORDER_ANY, .flags = TG_OP_ACCUMULATES, FUNCTIONS },
    { .name = "alike", .arity = 2, .order = TG_ORDER_ANY, .flags = TG_OP_ELEMENTWISE, FUNCTIONS },
    { .name = "once", .arity = 1, .order = TG_ORDER_ONCE, FUNCTIONS },
    { .name = "never", .arity = 1, .shape = shape_rule, .forward = forward },
    { .name = "view", .arity = 1, .order = TG_ORDER_ANY, .flags = TG_OP_VIEW, .shape = shape_rule, .vjp = vjp },
    { .name = "view of several",
      .arity = TG_VARIADIC,
      .order = TG_ORDER_ANY,
      .flags = TG_OP_VIEW,
      .optional = 0xff,
      .shape = shape_rule,
      .vjp = vjp },
    { .name = "promises", .arity = 1, .order = TG_ORDER_ANY, .shape = shape_rule, .forward = forward },
    { .arity = 1, .order = TG_ORDER_ANY, FUNCTIONS },
    { .name = "shapeless", .arity = 1, .forward = forward },
    { .name = "idle", .arity = 1, .shape = shape_rule },
    { .name = "none", .arity = 0, FUNCTIONS },
    { .name = "\x1b[2J\nwith a name that clears the terminal \xff and is longer than what messages show of one",
      .arity = 1,
      .order = TG_ORDER_ANY,
      FUNCTIONS },
};

static void apply(program *p)
{
    const unsigned b = draw(p);
    const tg_op *op = &ops[b % (sizeof ops / sizeof ops[0])];
    const fault f = { .where = (uint8_t)draw_below(p, 3),
                      .kind = (uint8_t)draw(p),
                      .number = (uint8_t)draw(p),
                      .calls_back = (uint8_t)draw(p) };
    tg_tensor inputs[6];
    const int n = b < 240 && op->arity > 0 ? op->arity : (int)(b % 7);
    for (int i = 0; i < n; i++)
        inputs[i] = pick(p);
    take(p, tg_apply(op, inputs, n, &f, sizeof f));
}

/* What one of their vjps kept, at another time. */
static void use_remembered(program *p)
{
    if (p->remembered.tape)
        take(p, tg_exp(p->remembered));
}

const step user_steps[] = { STEP(apply, 0), STEP(apply, 0), STEP(apply, 0), STEP(use_remembered, 0) };
const int n_user_steps = sizeof user_steps / sizeof user_steps[0];
