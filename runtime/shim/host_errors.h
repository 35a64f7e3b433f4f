/* Error codes of the host, as Python exceptions. */
#ifndef STDBPY_HOST_ERRORS_H
#define STDBPY_HOST_ERRORS_H

#include <Python.h>

enum {
    HOST_CALL_FAILURE = 1,
    BUFFER_TOO_SMALL = 11,
    HTTP_ERROR = 21,
};

/* _spacetimedb.set_error_class(cls): what is called with (code, message) for each error. */
PyObject *set_error_class(PyObject *module, PyObject *error_class);

/* Raises what the error class makes of a code and the name of the function that failed. Gives NULL. */
PyObject *raise_host_error(int32_t result, const char *function);

/* The same with a message of the host's own; takes the reference. */
PyObject *raise_host_error_with(int code, PyObject *message);

#endif
