/* calls.h - from a golden case to the call of its operation. */
#ifndef TG_CALLS_H
#define TG_CALLS_H

#include "golden.h"
#include "tapegrad.h"

/* Calls the operation of the case with its attributes on the inputs x; an operation without a row fails the test. */
tg_tensor golden_call(const golden_case *c, const tg_tensor *x);

#endif
