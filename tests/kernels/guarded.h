/* guarded.h - buffers that end where the readable memory ends, for kernels that must not read past them. */
#ifndef TESTS_GUARDED_H
#define TESTS_GUARDED_H

#include <stddef.h>

/* `size` bytes of which the last lies before a page that may not be touched, filled with `fill`. The test program ends
   when there is no memory. */
void *guarded_alloc(size_t size, int fill);
void guarded_free(void *p, size_t size);

/* Whether the bytes from p - 64 to p, which no kernel may write, are still `fill`. */
int guarded_front_is_intact(const void *p, int fill);

#endif
