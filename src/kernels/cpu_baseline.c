/* cpu_baseline.c - for architectures whose baseline includes every kernel set of the build, as aarch64's includes NEON. */
#include "kernels/kernels.h"

bool tg_cpu_runs(const char *set)
{
    return set != NULL;
}
