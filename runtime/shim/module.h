/* The builtin module _spacetimedb: the host's functions, and what the shim itself is told. */
#ifndef STDBPY_MODULE_H
#define STDBPY_MODULE_H

#include <Python.h>

PyObject *init_spacetimedb(void);

#endif
