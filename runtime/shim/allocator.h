/* malloc and its kin, over dlmalloc: in memory that grows, and is never given back. */
#ifndef STDBPY_ALLOCATOR_H
#define STDBPY_ALLOCATOR_H

#include <stdbool.h>

/* Whether freed memory is filled with zeros: so it is while a module is built, as zeros need no room in it. */
extern bool zeroes_on_free;

/* Fills with zeros what freed blocks have left behind: blocks that are joined keep their heads, inside. */
void zero_what_is_free(void);

#endif
