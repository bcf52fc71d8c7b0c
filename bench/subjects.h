/* subjects.h - the operations as bench_ops times them: each with inputs of one element and of about a million. */
#ifndef BENCH_SUBJECTS_H
#define BENCH_SUBJECTS_H

#include "tapegrad.h"

enum { SUBJECT_INPUTS = 4 };

/* An operation whose shapes are more than one shape for all: its inputs at full size, and the call. */
typedef struct subject {
    const char *op;   /* in ops.list */
    const char *what; /* distinguishes the rows of one operation; "" for most */
    tg_shape shapes[SUBJECT_INPUTS];
    int n;
    tg_tensor (*apply)(const tg_tensor *x);
} subject;

extern const subject subjects[];
extern const int n_subjects;

/* To be called once, before any of them is applied: draws labels and row numbers. */
void subjects_prepare(void);

#endif
