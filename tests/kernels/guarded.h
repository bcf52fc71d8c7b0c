/* guarded.h - buffers that end at an unreadable page, to test that kernels do not read past them. */
#ifndef TESTS_GUARDED_H
#define TESTS_GUARDED_H

#include <stddef.h>

/* `size` bytes, filled with `fill`, whose last byte is directly before an unreadable page. The test program exits if there
   is no memory. */
void *guarded_alloc(size_t size, int fill);
void guarded_free(void *p, size_t size);

/* Whether the bytes p[-64] .. p[-1], which no kernel may write, are still `fill`. */
int guarded_front_is_intact(const void *p, int fill);

#endif
