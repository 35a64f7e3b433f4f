/* Where instances of classes with __slots__ keep their attributes. */
#ifndef STDBPY_SLOTS_H
#define STDBPY_SLOTS_H

#include <Python.h>
#include <stdbool.h>

/* Whether instances have such a slot; without an exception in both cases. */
bool find_slot(PyTypeObject *class, PyObject *name, uint32_t *place);

static inline PyObject **slot_of(PyObject *object, uint32_t place) { return (PyObject **)((char *)object + place); }

#endif
