/* Time and chance that a module asks for while it is built: they are part of the program, the same for everybody. */
#ifndef STDBPY_BUILD_TIME_VALUES_H
#define STDBPY_BUILD_TIME_VALUES_H

#include <Python.h>

/* Tells that "time" or "chance" is asked for, if somebody wants to know. */
void tell_of_use(const char *of);

/* _spacetimedb.tell_of_uses(callable | None): calls it with that text at each use from now on, but those of its own. */
PyObject *tell_of_uses(PyObject *module, PyObject *callable);

#endif
