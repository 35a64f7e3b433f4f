#include "calls.h"

#include "scan_iterator.h"

uint32_t call_depth;

static PyObject *unfinished; /* a list of streams */

void begin_call(void) { call_depth++; }

static void flush_all(void) {
    PyObject *streams = unfinished;
    unfinished = NULL;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(streams); i++) {
        PyObject *flushed = PyObject_CallMethod(PyList_GET_ITEM(streams, i), "flush", NULL);
        if (flushed == NULL)
            PyErr_Clear(); /* there is no memory, which the next call finds out, too */
        Py_XDECREF(flushed);
    }
    Py_DECREF(streams);
}

void end_call(void) {
    if (unfinished != NULL)
        flush_all();
    close_scans();
    call_depth--;
}

PyObject *flush_at_end(PyObject *Py_UNUSED(module), PyObject *stream) {
    if (call_depth == 0)
        Py_RETURN_NONE;
    if (unfinished == NULL)
        unfinished = PyList_New(0);
    if (unfinished == NULL || PyList_Append(unfinished, stream) < 0)
        return NULL;
    Py_RETURN_NONE;
}
