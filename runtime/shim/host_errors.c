#include "host_errors.h"

static PyObject *error_class;

PyObject *set_error_class(PyObject *Py_UNUSED(module), PyObject *given) {
    Py_XSETREF(error_class, Py_NewRef(given));
    Py_RETURN_NONE;
}

PyObject *raise_host_error_with(int code, PyObject *message) {
    if (message == NULL)
        return NULL;
    if (error_class == NULL) {
        PyErr_Format(PyExc_RuntimeError, "host error %d: %S", code, message);
    } else {
        PyObject *error = PyObject_CallFunction(error_class, "iO", code, message);
        if (error != NULL) {
            PyErr_SetObject((PyObject *)Py_TYPE(error), error);
            Py_DECREF(error);
        }
    }
    Py_DECREF(message);
    return NULL;
}

PyObject *raise_host_error(int32_t result, const char *function) {
    return raise_host_error_with((uint16_t)result, PyUnicode_FromString(function));
}
