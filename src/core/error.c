/* error.c - the error of a tape: the first one is kept until reset. */
#include "core/error.h"

#include <string.h>

#include "core/format.h"
#include "core/message.h"
#include "core/platform.h"

tg_status tg_tape_raise_v(tg_tape *t, tg_status status, const char *format, va_list args)
{
    if (!t)
        return status;
    if (t->status != TG_OK)
        return t->status;
    size_t n = t->in_vjp ? tg_context_text(t, t->message, sizeof t->message) : 0;
    n += tg_format_v(t->message + n, sizeof t->message - n, format, args);
    const bool is_error = (unsigned)(status - 1) < TG_ERR_FORMAT;
    if (!is_error)
        tg_format(t->message + n, sizeof t->message - n, " (raised with %d, which is not the status of an error)",
                  (int)status);
    t->closed |= TG_CLOSED_BY_ERROR;
    return t->status = is_error ? status : TG_ERR_ARGUMENT;
}

tg_status tg_tape_raise(tg_tape *t, tg_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    status = tg_tape_raise_v(t, status, format, args);
    va_end(args);
    return status;
}

void tg_tape_prefix_error(tg_tape *t, const char *format, ...)
{
    char message[sizeof t->message];
    memcpy(message, t->message, sizeof message);
    va_list args;
    va_start(args, format);
    const size_t n = tg_format_v(t->message, sizeof t->message, format, args);
    va_end(args);
    tg_format(t->message + n, sizeof t->message - n, "%s", message);
}

tg_status tg_tape_status(const tg_tape *t)
{
    return t ? t->status : TG_ERR_ARGUMENT;
}

const char *tg_tape_message(const tg_tape *t)
{
    return t ? t->message : "no tape";
}

tg_status tg_tensor_fail(tg_tensor x, tg_status status, const char *what, const char *format, ...)
{
    char text[TG_TEXT_BYTES];
    size_t n = tg_format(text, sizeof text, "%s: ", what);
    n += tg_tensor_text(x.tape, x.id, text + n, sizeof text - n);
    n += tg_format(text + n, sizeof text - n, ": ");
    va_list args;
    va_start(args, format);
    tg_format_v(text + n, sizeof text - n, format, args);
    va_end(args);
    return tg_tape_raise(x.tape, status, "%s", text);
}

TG_COLD bool tg_tape_refuse(tg_tape *t, const char *what)
{
    if (t->status != TG_OK)
        return false;
    if (t->closed & TG_CLOSED_IN_CALL)
        tg_tape_raise(
            t, TG_ERR_STATE,
            "%s: not allowed inside the shape rule or the forward of %s, which work on memory, not on tensors", what,
            t->in_call->name);
    else if (t->in_vjp)
        tg_tape_raise(
            t, TG_ERR_STATE,
            "%s: not allowed inside a vjp, which makes tensors from tg_cotangent and passes them to tg_give", what);
    else
        tg_tape_raise(t, TG_ERR_STATE, "%s: not allowed inside a visit of tg_tape_each", what);
    return false;
}
