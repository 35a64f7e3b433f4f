/* Arguments of host calls, from Python objects. Each gives false, and a Python exception, for what does not fit. */
#ifndef STDBPY_ARGUMENTS_H
#define STDBPY_ARGUMENTS_H

#include <Python.h>
#include <stdbool.h>

typedef struct {
    const uint8_t *bytes;
    size_t length;
} Slice;

/* Of bytes or a bytearray; valid until the object changes. Never points to NULL, which hosts refuse. */
static inline bool as_slice(PyObject *object, Slice *slice) {
    if (PyBytes_Check(object)) {
        *slice = (Slice){(const uint8_t *)PyBytes_AS_STRING(object), (size_t)PyBytes_GET_SIZE(object)};
        return true;
    }
    if (PyByteArray_Check(object)) {
        *slice = (Slice){(const uint8_t *)PyByteArray_AS_STRING(object), (size_t)PyByteArray_GET_SIZE(object)};
        return true;
    }
    PyErr_Format(PyExc_TypeError, "bytes or a bytearray is needed, not %T", object);
    return false;
}

static inline bool as_text(PyObject *object, Slice *slice) {
    Py_ssize_t length;
    const char *text = PyUnicode_AsUTF8AndSize(object, &length);
    if (text == NULL)
        return false;
    *slice = (Slice){(const uint8_t *)text, (size_t)length};
    return true;
}

static inline bool as_u32(PyObject *object, uint32_t *number) {
    unsigned long value = PyLong_AsUnsignedLong(object);
    if (value == (unsigned long)-1 && PyErr_Occurred())
        return false;
    *number = (uint32_t)value;
    return true;
}

static inline bool has_count(const char *function, Py_ssize_t given, Py_ssize_t needed) {
    if (given == needed)
        return true;
    PyErr_Format(PyExc_TypeError, "%s takes %zd arguments, not %zd", function, needed, given);
    return false;
}

#endif
