/* metrics.h - what the tests of this folder share. */
#ifndef TESTS_METRICS_H
#define TESTS_METRICS_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tapegrad/metrics.h"

#endif
