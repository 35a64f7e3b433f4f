/* BSATN to values. */
#ifndef STDBPY_CODEC_READING_H
#define STDBPY_CODEC_READING_H

#include "codec_plan.h"

typedef struct {
    const uint8_t *bytes;
    size_t length, offset;
    uint32_t depth;   /* how many calls are inside each other, */
    uint32_t nesting; /* and how many C functions */
} Reader;

/* The value at the reader's offset, which is then behind it. NULL, with a Python exception, if there is none. */
PyObject *read_value(const Plan *plan, Reader *reader);

#endif
