/* cpu_count.c - the CPUs that this process may use. */
#define _GNU_SOURCE
#define _DARWIN_C_SOURCE
#include <sched.h>
#include <unistd.h>

#include "kernels/kernels.h"

#ifdef __linux__
/* sched_getaffinity fails if there are more CPUs than a cpu_set_t holds: then 0, and all that are online count. */
static int allowed(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}
#else
static int allowed(void)
{
    return 0;
}
#endif

int tg_cpu_count(void)
{
    const int n = allowed();
    const long online = n > 0 ? n : sysconf(_SC_NPROCESSORS_ONLN);
    return online >= 1 ? (int)online : 1;
}
