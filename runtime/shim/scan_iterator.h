/* Rows that the host gives one after the other: an iterator of chunks. */
#ifndef STDBPY_SCAN_ITERATOR_H
#define STDBPY_SCAN_ITERATOR_H

#include <Python.h>
#include <stdbool.h>

/* A Python iterator over one of the host's, which it closes. Its items are bytes: whole rows, one behind the other. */
PyObject *scan_iterator(uint32_t iterator);

/* To be called when the host starts a call: what earlier ones left open is not the host's any more. */
void forget_open_scans(void);

/* To be called once, after the interpreter is there. */
bool ready_scan_iterator(void);

#endif
