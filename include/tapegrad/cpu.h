/* cpu.h - the number of threads and the instruction set that the library uses. */
#ifndef TAPEGRAD_CPU_H
#define TAPEGRAD_CPU_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Sets the number of threads: n from 1 to 64, else TG_ERR_ARGUMENT; 0 selects the default, which is the environment's
   TAPEGRAD_THREADS if that is a number from 1, or else the number of CPUs that this process may use. Results are
   bit-identical for every n. Work that is too short to gain from sharing is done by the calling thread. If fewer threads
   can be started than requested, that is no error. Call it while no other thread uses the library. A process may fork at
   any time: the child starts without workers. */
TG_API tg_status tg_set_num_threads(int n);
TG_API int tg_num_threads(void);

/* The kernel sets of this build that this machine can run, best first ("avx512", "avx2", "generic"; "neon"): the i-th
   name, or NULL past the last. */
TG_API const char *tg_kernel_set_at(int i);

/* The name of the set in use: at first the one that the environment's TAPEGRAD_KERNELS names, if this machine can run it,
   or else the best. */
TG_API const char *tg_kernel_set(void);

/* Selects a set by name (NULL: the default), for tapes, parameter sets and optimizers created from now on.
   TG_ERR_ARGUMENT, and no change, if this machine cannot run it. */
TG_API tg_status tg_use_kernel_set(const char *name);

/* Checks the environment's TAPEGRAD_KERNELS and TAPEGRAD_THREADS: TG_OK if each takes effect, is unset, or is empty.
   TG_ERR_ARGUMENT, with a sentence that names the variable, its value and the valid ones, if TAPEGRAD_KERNELS is not a set
   that this machine can run or TAPEGRAD_THREADS is not a number from 1 (the default is used instead), or if that number is
   above 64 (64 is used). */
TG_API tg_status tg_environment_check(tg_error *err);

#ifdef __cplusplus
}
#endif
#endif
