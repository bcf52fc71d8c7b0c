/* subjects.h - the operations as bench_ops times them: each with inputs of one element and of about a million. */
#ifndef BENCH_SUBJECTS_H
#define BENCH_SUBJECTS_H

#include "tapegrad.h"

enum { SUBJECT_INPUTS = 4 };

/* An operation whose inputs do not all have one shape: their shapes at full size, and the call. */
typedef struct subject {
    const char *op;   /* in ops.list */
    const char *what; /* distinguishes the rows of one operation; "" for most */
    tg_shape shapes[SUBJECT_INPUTS];
    int n;
    tg_tensor (*apply)(const tg_tensor *x);
} subject;

extern const subject subjects[];
extern const int n_subjects;

/* Sets the labels and row numbers. Call it once, before any operation is applied. */
void subjects_prepare(void);

#endif
