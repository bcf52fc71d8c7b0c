/* cpu_x86.c - which kernel sets this x86-64 machine, CPU and operating system, can run. */
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
