/* cpu_x86.c - which kernel sets the CPU and the operating system of this x86-64 machine can run. */
#include "kernels/kernels.h"

#include <string.h>

bool tg_cpu_runs(const char *set)
{
    __builtin_cpu_init();
    if (!strcmp(set, "avx512"))
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("fma");
    if (!strcmp(set, "avx2"))
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    return true;
}
