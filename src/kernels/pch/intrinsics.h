/* intrinsics.h - the compiler's own header of x86 intrinsics, precompiled once for each table: in a debug build its 46,000
   lines take longer than the loops. */
#if defined(__x86_64__)
#include <immintrin.h>
#endif
