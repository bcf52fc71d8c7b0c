/* config.h - reading the fields of a config. */
#ifndef TG_CONFIG_H
#define TG_CONFIG_H

#include "tapegrad/types.h"

/* The number that a field stands for: 0 for the default `preset`, TG_ZERO for 0. */
static inline double tg_config_number(double value, double preset)
{
    return value == 0 ? preset : value == TG_ZERO ? 0 : value;
}

#endif
