#include "allocator.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* wasi-libc's dlmalloc begins with what is left behind data and stack, and asks its sbrk for more. */
#define USE_DL_PREFIX 1
#define DLMALLOC_EXPORT static
#define HAVE_MMAP 0
#define MORECORE_CANNOT_TRIM 1
#define USE_LOCKS 0
#define LACKS_TIME_H 1
#define MALLOC_INSPECT_ALL 1
#define LACKS_SYS_MMAN_H 1
#define NO_MALLOC_STATS 1
#define NO_MALLINFO 1
#define ABORT __builtin_trap()
#define malloc_getpagesize 65536
#define DEFAULT_GRANULARITY 65536
#define MALLOC_ALIGNMENT 16
#define MALLOC_FAILURE_ACTION errno = ENOMEM;
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Weverything"
#include "../third_party/dlmalloc.c"
#pragma clang diagnostic pop

bool zeroes_on_free = true;

static void zero_if_free(void *start, void *end, size_t used, void *context) {
    (void)context;
    if (used == 0)
        memset(start, 0, (size_t)((char *)end - (char *)start));
}

void zero_what_is_free(void) { internal_inspect_all(gm, zero_if_free, NULL); }

void *malloc(size_t size) { return dlmalloc(size); }

void *calloc(size_t count, size_t size) { return dlcalloc(count, size); }

void free(void *block) {
    if (block != NULL && zeroes_on_free)
        memset(block, 0, dlmalloc_usable_size(block));
    dlfree(block);
}

void *realloc(void *block, size_t size) {
    if (block == NULL || !zeroes_on_free)
        return dlrealloc(block, size);
    size_t old_size = dlmalloc_usable_size(block); /* dlrealloc would leave what it moves as it was */
    void *moved = dlmalloc(size);
    if (moved != NULL) {
        memcpy(moved, block, old_size < size ? old_size : size);
        free(block);
    }
    return moved;
}

void *memalign(size_t alignment, size_t size) { return dlmemalign(alignment, size); }

void *aligned_alloc(size_t alignment, size_t size) { return dlmemalign(alignment, size); }

int posix_memalign(void **block, size_t alignment, size_t size) { return dlposix_memalign(block, alignment, size); }

size_t malloc_usable_size(void *block) { return dlmalloc_usable_size(block); }
