/* The functions of _spacetimedb that read and write tables. */
#ifndef STDBPY_HOST_CALLS_H
#define STDBPY_HOST_CALLS_H

#include <Python.h>

extern PyMethodDef table_methods[];
extern PyMethodDef procedure_methods[];

#endif
