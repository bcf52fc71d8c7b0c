/* version.c - the version of the library. */
#include "tapegrad/version.h"

int tg_version(void)
{
    return TG_VERSION;
}
