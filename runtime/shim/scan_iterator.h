/* Rows that the host gives one after the other: an iterator of chunks. */
#ifndef STDBPY_SCAN_ITERATOR_H
#define STDBPY_SCAN_ITERATOR_H

#include <Python.h>
#include <stdbool.h>

/* A Python iterator over one of the host's, which it closes. Its items are bytes: whole rows, one behind the other. If
 * the call ends before it does, it raises the error of an iterator that is not there. */
PyObject *scan_iterator(uint32_t iterator);

/* Closes what the running call has left open. */
void close_scans(void);

/* To be called once, after the interpreter is there. */
bool ready_scan_iterator(void);

#endif
