/* Rows that are made without calling the __init__ of their class, which does no more than to set their columns. */
#ifndef STDBPY_QUICK_ROWS_H
#define STDBPY_QUICK_ROWS_H

#include <Python.h>

/* _spacetimedb.make_quick(class, columns, defaults): from now on calls of the class go by here, if its instances have
 * slots for the columns. A default is None for a column that has none, otherwise a tuple of one. */
PyObject *make_quick(PyObject *module, PyObject *const *arguments, Py_ssize_t count);

#endif
