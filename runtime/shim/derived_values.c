#include "derived_values.h"

enum { DIGITS_SHIFT = 3 }; /* of lv_tag: its lower bits are the sign and a flag */

PyObject *reversed_bytes(PyObject *class, const uint8_t *bytes, size_t size) {
    PyTypeObject *type = (PyTypeObject *)class;
    PyObject *made = type->tp_alloc(type, (Py_ssize_t)size);
    if (made == NULL)
        return NULL;
    _Py_COMP_DIAG_PUSH;
    _Py_COMP_DIAG_IGNORE_DEPR_DECLS;
    ((PyBytesObject *)made)->ob_shash = -1; /* not known yet */
    _Py_COMP_DIAG_POP;
    uint8_t *turned = (uint8_t *)PyBytes_AS_STRING(made);
    for (size_t i = 0; i < size; i++)
        turned[i] = bytes[size - 1 - i];
    turned[size] = 0;
    return made;
}

PyObject *derived_int(PyObject *class, PyObject *number) {
    PyTypeObject *type = (PyTypeObject *)class;
    _PyLongValue *value = &((PyLongObject *)number)->long_value;
    Py_ssize_t digits = (Py_ssize_t)(value->lv_tag >> DIGITS_SHIFT);
    PyObject *made = type->tp_alloc(type, digits > 0 ? digits : 1); /* 0 has one, too */
    if (made == NULL)
        return NULL;
    _PyLongValue *copy = &((PyLongObject *)made)->long_value;
    copy->lv_tag = value->lv_tag;
    copy->ob_digit[0] = value->ob_digit[0];
    for (Py_ssize_t i = 1; i < digits; i++)
        copy->ob_digit[i] = value->ob_digit[i];
    return made;
}
