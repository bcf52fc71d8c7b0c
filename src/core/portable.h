/* portable.h - elementary functions whose bits are the same on every machine, for random numbers and generated data.
   They use operations that IEEE 754 rounds correctly, where one C library may differ from the next. */
#ifndef TG_PORTABLE_H
#define TG_PORTABLE_H

/* ln x for a positive, finite, normal x; within 2 ulp. */
double tg_portable_log(double x);

/* sin 2 pi t and cos 2 pi t for |t| < 2^50; within 2 ulp. Counting angles in turns makes the reduction to an eighth
   exact, and with it the multiples of a quarter turn. */
double tg_portable_sin_turns(double t);
double tg_portable_cos_turns(double t);

#endif
