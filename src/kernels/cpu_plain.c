/* cpu_plain.c - where every kernel set of the build is part of the architecture's baseline, as NEON is of aarch64. */
#include "kernels/kernels.h"

bool tg_cpu_runs(const char *set)
{
    return set != NULL;
}
