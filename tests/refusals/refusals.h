/* refusals.h - for each public function a function of rows: invalid calls, and the error that each must give. A public function
   without its rows does not link, and rows of a function that is not public do not compile: the build takes the names
   from the headers. */
#ifndef TESTS_REFUSALS_H
#define TESTS_REFUSALS_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "tapegrad.h"

#define FUNCTION(name) void refusals_of_##name(void);
#include "functions.inc"
#undef FUNCTION

#define REFUSALS(name) void refusals_of_##name(void)

/* The arguments of the rows, made again for each row. */
extern tg_tape *t, *other;                   /* two tapes of float64 */
extern tg_tape *narrow;                      /* one of float32 */
extern tg_tensor s, v, m;                    /* [], [3], [2, 3]: variables of t */
extern tg_tensor two, wide, tall, long_wide; /* [2], [4], [3, 2]; of t. The last is [2^31, 1] */
extern tg_tensor null, stale;                /* a stale one of t, [3] */
extern tg_tensor foreign;                    /* of the other tape, [3] */
extern tg_params *set;                       /* of float64: "w" [3], "b" [2, 3] */
extern tg_params *narrow_set;                /* of float32, the same */
extern tg_error err, *e;                     /* e is &err, and then NULL */
void make_world(void);
void destroy_world(void);
void fresh(void);

/* Checks: `code` is the row's source text. */
void tape_says(tg_status expected, const char *code, int line);
void error_says(tg_status expected, tg_status got, const char *code, int line);
void holds(bool condition, const char *code, int line);
extern int rows;

/* A call that raises this on t, with a sentence. */
#define TAPE(expected, ...) (fresh(), (void)(__VA_ARGS__), tape_says(expected, #__VA_ARGS__, __LINE__))

/* A call that returns this status, with a sentence in *e; one that returns NULL, likewise. */
#define FAILS(expected, ...)                                                                                         \
    for (e = &err; fresh(), error_says(expected, (__VA_ARGS__), #__VA_ARGS__, __LINE__), e; e = NULL)                \
    continue
#define NO_OBJECT(expected, ...)                                                                                     \
    for (e = &err; fresh(), error_says(expected, (__VA_ARGS__) ? TG_OK : (expected), #__VA_ARGS__, __LINE__), e;     \
         e = NULL)                                                                                                   \
    continue

/* A condition: for functions that report by their value, or return void. */
#define HOLDS(...) (fresh(), holds((__VA_ARGS__), #__VA_ARGS__, __LINE__))

/* What every function of tensors refuses, argument by argument: the null tensor, a stale one, one of another tape. */
void unary(tg_tensor (*f)(tg_tensor), const char *name);
void binary(tg_tensor (*f)(tg_tensor, tg_tensor), const char *name);
void broadcasting(tg_tensor (*f)(tg_tensor, tg_tensor), const char *name);
void by_number(tg_tensor (*f)(tg_tensor, double), const char *name);
void reducing(tg_tensor (*f)(tg_tensor, int, bool), const char *name);
void loss(tg_tensor (*f)(tg_tensor, tg_tensor, tg_reduction), const char *name);

#endif
