/* Sources and sinks: how the host hands over bytes of any length. */
#ifndef STDBPY_BYTE_STREAMS_H
#define STDBPY_BYTE_STREAMS_H

#include <Python.h>
#include <stdbool.h>

/* What a source has until its end, as bytes; source 0 is empty. */
PyObject *read_source(uint32_t source);

/* The same as text, of which bytes that are no UTF-8 are replaced. */
PyObject *read_source_as_text(uint32_t source);

/* False, and a Python exception, if the host does not take it. */
bool write_sink(uint32_t sink, const void *bytes, size_t length);

/* Room for what the host writes and what is copied at once. One is enough for all: procedure_commit_mut_tx, the one
 * host function that calls back (views), makes no use of it, and nobody has something in it across that. */
enum { SCRATCH_SIZE = 65536 };
extern uint8_t scratch[SCRATCH_SIZE];

#endif
