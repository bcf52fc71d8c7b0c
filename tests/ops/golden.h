/* golden.h - reads the files of golden/: single operations with their inputs, results and gradients. */
#ifndef TG_GOLDEN_H
#define TG_GOLDEN_H

#include <stdbool.h>
#include <stdio.h>

#include "tapegrad/types.h"

enum { GOLDEN_INPUTS = 12, GOLDEN_ELEMENTS = 512, GOLDEN_INTS = 64, GOLDEN_TEXT = 1024 };

typedef struct golden_array {
    tg_shape shape;
    int n;
    double values[GOLDEN_ELEMENTS];
} golden_array;

/* One case; the first lines of the file say what its parts are. */
typedef struct golden_case {
    int number;
    char op[32];
    char attributes[GOLDEN_TEXT]; /* " axis=1 keepdim=0" */
    tg_shape int_shape;           /* of labels or indices */
    int n_ints;
    int32_t ints[GOLDEN_INTS];
    int n_inputs;
    bool is_constant; /* no gradient flows through it: there is no cotangent */
    golden_array inputs[GOLDEN_INPUTS], out, cotangent, gradients[GOLDEN_INPUTS];
} golden_case;

/* Reads the next case; false at the end of the file. A malformed file fails the test. */
bool golden_next(FILE *file, golden_case *c);

/* The value of attribute `key`: its text ("" where absent); as a number (0 where absent); as a list, whose length is
   returned. */
const char *golden_text(const golden_case *c, const char *key);
double golden_number(const golden_case *c, const char *key);
int golden_list(const golden_case *c, const char *key, double *list, int most);

#endif
