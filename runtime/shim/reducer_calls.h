/* Calls of reducers, without Python code between the host and the reducer's own. */
#ifndef STDBPY_REDUCER_CALLS_H
#define STDBPY_REDUCER_CALLS_H

#include <Python.h>
#include <stdbool.h>

/* _spacetimedb.set_reducers(reducers): of each, by number, how it is called directly; None if it is not.
 * Otherwise (function, class of its context, fields of that, name of the field that is gone after the call, function
 * that reads the arguments). A field is (name, what, value): CONSTANT is the value, the others are the call's. */
PyObject *set_reducers(PyObject *module, PyObject *told);

/* False if the entry has to make the call: the reducer is not called directly, or its arguments are bad. Otherwise it
 * has been called; *result is NULL, with an exception, if it has raised one. */
bool call_directly(uint32_t id, PyObject *sender, PyObject *connection_id, PyObject *timestamp, PyObject *args,
                   PyObject **result);

#endif
