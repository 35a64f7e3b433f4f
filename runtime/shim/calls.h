/* What is to be done when the host starts a call, and when the call ends. A call may be inside another: a view runs
 * while the transaction of a procedure ends. */
#ifndef STDBPY_CALLS_H
#define STDBPY_CALLS_H

#include <Python.h>

/* How many calls run, each inside the one before. */
extern uint32_t call_depth;

void begin_call(void);

/* Closes the scans that the call has left open, and finishes the lines of the log that it has begun. */
void end_call(void);

/* _spacetimedb.flush_at_end(stream): calls its flush() when the running call ends; does nothing outside of calls. */
PyObject *flush_at_end(PyObject *module, PyObject *stream);

#endif
