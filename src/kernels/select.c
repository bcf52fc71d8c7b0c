/* select.c - which table of kernels is in use. */
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"

extern const tg_kernels tg_kernels_generic_f32, tg_kernels_generic_f64;

const tg_kernels *tg_kernels_for(tg_dtype dtype)
{
    return dtype == TG_F32 ? &tg_kernels_generic_f32 : &tg_kernels_generic_f64;
}

const char *tg_kernel_set_at(int i)
{
    return i == 0 ? "generic" : NULL;
}
const char *tg_kernel_set(void)
{
    return "generic";
}
tg_status tg_use_kernel_set(const char *name)
{
    return !name || !strcmp(name, "generic") ? TG_OK : TG_ERR_ARGUMENT;
}
