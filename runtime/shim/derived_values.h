/* Instances of classes that are derived from bytes and int and add nothing to them, as their __new__ makes them. */
#ifndef STDBPY_DERIVED_VALUES_H
#define STDBPY_DERIVED_VALUES_H

#include <Python.h>

/* Of a class derived from bytes: these, the last one first. */
PyObject *reversed_bytes(PyObject *class, const uint8_t *bytes, size_t size);

/* Of a class derived from int: that number, which is an int itself. */
PyObject *derived_int(PyObject *class, PyObject *number);

#endif
