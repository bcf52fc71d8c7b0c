/* cpu.h - how many threads, and which instruction set, the library computes with. */
#ifndef TAPEGRAD_CPU_H
#define TAPEGRAD_CPU_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Threads: n >= 1, at most 64; 0 asks for the default, the environment's TAPEGRAD_THREADS if it is a number from 1, or
   else the number of CPUs that this process may use. Results are bit-identical for every n. Work that is too short to be
   shared at a gain stays with the thread that calls. Fewer threads than asked is no error. Call it while no other thread
   computes. A process may fork at any time, whatever its threads do: the child starts with no workers. */
TG_API tg_status tg_set_num_threads(int n);
TG_API int tg_num_threads(void);

/* The kernel sets of this build that this machine can run, best first ("avx512", "avx2", "generic"; "neon"): the i-th
   name, or NULL past the last. */
TG_API const char *tg_kernel_set_at(int i);

/* The set in use: the one that the environment's TAPEGRAD_KERNELS names, if this machine runs it, or else the best. */
TG_API const char *tg_kernel_set(void);

/* Chooses another by name (NULL: the default choice), for tapes, sets and optimizers made from now on.
   TG_ERR_ARGUMENT, and no change, where this machine cannot run it. */
TG_API tg_status tg_use_kernel_set(const char *name);

/* TG_OK if the environment's TAPEGRAD_KERNELS and TAPEGRAD_THREADS are heeded, unset, or empty. TG_ERR_ARGUMENT, with a
   sentence that names the variable, its value and what would be right, if TAPEGRAD_KERNELS is no set that this machine
   runs or TAPEGRAD_THREADS is no number (the default is used instead), or if that number is above 64 (64 are used). */
TG_API tg_status tg_environment_check(tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
