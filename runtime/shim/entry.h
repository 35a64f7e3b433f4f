/* The Python object whose methods the exported functions call. */
#ifndef STDBPY_ENTRY_H
#define STDBPY_ENTRY_H

#include <Python.h>

/* _spacetimedb.set_entry(object): has the methods describe, call_reducer, call_view, call_anonymous_view,
 * call_procedure and call_http_handler; raises AttributeError if it has not. */
PyObject *set_entry(PyObject *module, PyObject *entry);

/* _spacetimedb.set_classes(Identity, ConnectionId, Timestamp): what these methods are given; without a connection,
 * None. Without these classes they are given bytes and numbers, as the host gives them. */
PyObject *set_classes(PyObject *module, PyObject *const *classes, Py_ssize_t count);

#endif
