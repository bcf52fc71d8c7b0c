/* portable.h - elementary functions with the same bits on every machine, for random numbers and generated data. They use
   only operations that IEEE 754 defines to the last bit; the functions of C libraries differ. */
#ifndef TG_PORTABLE_H
#define TG_PORTABLE_H

/* ln x for a positive, finite, normal x; within 2 ulp. */
double tg_portable_log(double x);

/* sin 2 pi t and cos 2 pi t for |t| < 2^50; within 2 ulp. The angle is in turns, so that its reduction to an eighth of a
   turn is exact, and so are the results at multiples of a quarter turn. */
double tg_portable_sin_turns(double t);
double tg_portable_cos_turns(double t);

#endif
