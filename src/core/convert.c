/* convert.c - converting arrays between dtypes. */
#include "core/convert.h"

#include <string.h>

void tg_convert(void *to, tg_dtype to_dtype, const void *from, tg_dtype from_dtype, int64_t n)
{
    if (n <= 0)
        return;
    if (to_dtype == from_dtype)
        memcpy(to, from, (size_t)n * tg_dtype_size(to_dtype));
    else if (to_dtype == TG_F32)
        for (int64_t i = 0; i < n; i++)
            ((float *)to)[i] = (float)((const double *)from)[i];
    else
        for (int64_t i = 0; i < n; i++)
            ((double *)to)[i] = (double)((const float *)from)[i];
}
