/* error.h - the error of a tape: the first one is kept until reset. */
#ifndef TG_TAPE_ERROR_H
#define TG_TAPE_ERROR_H

#include <stdarg.h>

#include "core/tape.h"

/* Raises the tape's error, unless it has one already: the only function that does. While a vjp runs, the message begins
   with its operation (tg_context_text). Returns the tape's status. */
tg_status tg_tape_raise(tg_tape *tape, tg_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
tg_status tg_tape_raise_v(tg_tape *tape, tg_status status, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* Raises an error about x, which is on its tape: `read: "hidden" [64, 784]: ` and the format. Returns the tape's
   status. */
tg_status tg_tensor_fail(tg_tensor x, tg_status status, const char *what, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts a prefix before the message of an error that has just been raised: "mlp_forward: layer1: ". */
void tg_tape_prefix_error(tg_tape *tape, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The end of a message about a stale handle. */
#define TG_STALE_TEXT "is from before a reset or rewind of its tape: make it again, or take the mark after it"

/* Which calls are allowed inside the functions of an operation: a shape rule and a forward work on memory and may make no
   call with a tensor or its tape; a vjp makes tensors, and may not change the tape or ask for gradients.

   tg_tape_is_open: whether tensors can be made and read: there is no error, and no shape rule or forward is running.
   tg_tape_is_free: whether the tape can be changed, and gradients asked for: no function of an operation is running.
   Where not, both raise an error of `what` (unless there is an error already) and return false. */
bool tg_tape_refuse(tg_tape *tape, const char *what);
static inline bool tg_tape_is_open(tg_tape *t, const char *what)
{
    return !t->closed || tg_tape_refuse(t, what);
}
static inline bool tg_tape_is_free(tg_tape *t, const char *what)
{
    return (!(t->closed & TG_CLOSED_IN_CALL) && !t->in_vjp) || tg_tape_refuse(t, what);
}

#endif
