/* guarded.c - buffers that end at an unreadable page. */
#define _DEFAULT_SOURCE
#include "guarded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { FRONT = 64 };

static size_t readable(size_t size, size_t page)
{
    return (size + FRONT + page - 1) / page * page;
}

void *guarded_alloc(size_t size, int fill)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = readable(size, page);
    char *p = mmap(NULL, bytes + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || mprotect(p + bytes, page, PROT_NONE) != 0) {
        perror("guarded_alloc");
        exit(1);
    }
    memset(p, fill, bytes);
    return p + bytes - size;
}

void guarded_free(void *p, size_t size)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = readable(size, page);
    munmap((char *)p + size - bytes, bytes + page);
}

int guarded_front_is_intact(const void *p, int fill)
{
    for (int i = 1; i <= FRONT; i++)
        if (((const unsigned char *)p)[-i] != fill)
            return 0;
    return 1;
}
