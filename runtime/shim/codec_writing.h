/* Values to BSATN. */
#ifndef STDBPY_CODEC_WRITING_H
#define STDBPY_CODEC_WRITING_H

#include "codec_plan.h"

enum { FIRST_BYTES = 512 };

/* Bytes that grow. What is written first is on the stack: most rows are short. */
typedef struct {
    uint8_t *bytes;
    size_t length, capacity;
    uint32_t depth;   /* how many calls are inside each other, */
    uint32_t nesting; /* and how many C functions */
    uint8_t first[FIRST_BYTES];
} Writer;

void start_writing(Writer *writer);

/* Appends a value. False, and a Python exception, if it does not fit. */
bool write_value(const Plan *plan, PyObject *value, Writer *writer);

/* To be called at the end, whatever came of it. */
void end_writing(Writer *writer);

#endif
