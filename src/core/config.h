/* config.h - what a field of a config means. */
#ifndef TG_CONFIG_H
#define TG_CONFIG_H

#include "tapegrad/types.h"

/* A number as it was meant: zero stands for the preset, TG_ZERO for zero. */
static inline double tg_config_number(double value, double preset)
{
    return value == 0 ? preset : value == TG_ZERO ? 0 : value;
}

#endif
