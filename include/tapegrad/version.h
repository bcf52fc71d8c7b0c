/* version.h - which version of the library a program is compiled for, and which it runs with. */
#ifndef TAPEGRAD_VERSION_H
#define TAPEGRAD_VERSION_H

#include "types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of these headers, MAJOR.MINOR.PATCH. A release with another PATCH has the same binary interface; before
   1.0 another MINOR may change it, later only another MAJOR. */
#define TG_VERSION_MAJOR 0
#define TG_VERSION_MINOR 2
#define TG_VERSION_PATCH 0

/* The same as one number, for the preprocessor: 10000 MAJOR + 100 MINOR + PATCH. TG_VERSION >= 200 is true from
   0.2.0 on. */
#define TG_VERSION (10000 * TG_VERSION_MAJOR + 100 * TG_VERSION_MINOR + TG_VERSION_PATCH)

/* The version of the library that the program runs with, encoded as TG_VERSION is. With a shared library it may be newer
   than the headers: `tg_version() >= TG_VERSION`. */
TG_API int tg_version(void);

#ifdef __cplusplus
}
#endif
#endif
