#include "scan_iterator.h"

#include "byte_streams.h"
#include "host_errors.h"
#include "host_imports.h"

enum { EXHAUSTED = -1, NO_SUCH_ITER = 6 };

typedef struct {
    PyObject_HEAD
    uint32_t iterator;
    uint32_t call; /* in which it was opened: the host ends it with the call, and gives its number to others */
    bool is_open;
} ScanIterator;

static uint32_t running_call;

void forget_open_scans(void) { running_call++; }

static void scan_close(ScanIterator *scan) {
    if (scan->is_open && scan->call == running_call)
        host_row_iter_bsatn_close(scan->iterator);
    scan->is_open = false;
}

static void scan_dealloc(ScanIterator *scan) {
    scan_close(scan);
    Py_TYPE(scan)->tp_free(scan);
}

/* A chunk with a row that is too long for the scratch buffer. */
static PyObject *next_long_chunk(ScanIterator *scan, size_t needed, int16_t *result) {
    PyObject *chunk = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)needed);
    if (chunk == NULL)
        return NULL;
    size_t length = needed;
    *result = (int16_t)host_row_iter_bsatn_advance(scan->iterator, (uint8_t *)PyBytes_AS_STRING(chunk), &length);
    if (*result > 0) {
        Py_DECREF(chunk);
        return raise_host_error(*result, "row_iter_bsatn_advance");
    }
    _PyBytes_Resize(&chunk, (Py_ssize_t)length);
    return chunk;
}

static PyObject *scan_next(ScanIterator *scan) {
    if (scan->is_open && scan->call != running_call)
        return raise_host_error(NO_SUCH_ITER, "row_iter_bsatn_advance");
    while (scan->is_open) {
        size_t length = SCRATCH_SIZE;
        int16_t result = (int16_t)host_row_iter_bsatn_advance(scan->iterator, scratch, &length);
        PyObject *chunk = NULL;
        if (result == BUFFER_TOO_SMALL)
            chunk = next_long_chunk(scan, length, &result);
        else if (result > 0)
            raise_host_error(result, "row_iter_bsatn_advance");
        else if (length > 0)
            chunk = PyBytes_FromStringAndSize((const char *)scratch, (Py_ssize_t)length);
        if (result == EXHAUSTED)
            scan->is_open = false;
        if (chunk != NULL || PyErr_Occurred())
            return chunk;
    }
    return NULL;
}

static PyTypeObject ScanIterator_Type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "_spacetimedb.ScanIterator",
    .tp_basicsize = sizeof(ScanIterator),
    .tp_dealloc = (destructor)scan_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .tp_iter = PyObject_SelfIter,
    .tp_iternext = (iternextfunc)scan_next,
};

PyObject *scan_iterator(uint32_t iterator) {
    ScanIterator *scan = PyObject_New(ScanIterator, &ScanIterator_Type);
    if (scan == NULL) {
        host_row_iter_bsatn_close(iterator);
        return NULL;
    }
    scan->iterator = iterator;
    scan->call = running_call;
    scan->is_open = true;
    return (PyObject *)scan;
}

bool ready_scan_iterator(void) { return PyType_Ready(&ScanIterator_Type) == 0; }
