#include "scan_iterator.h"

#include "byte_streams.h"
#include "calls.h"
#include "host_errors.h"
#include "host_imports.h"

enum { EXHAUSTED = -1, NO_SUCH_ITER = 6 };

typedef enum { OPEN, AT_ITS_END, CUT_OFF } State;

/* Those that are open are in a list, the newest first. SpacetimeDB 2.8.3 has all of a scan's rows in memory from the
 * start, and keeps what is not closed as long as the instance: so the end of a call must find what the call has left
 * open, be it in a global or in a cycle of references. */
typedef struct ScanIterator {
    PyObject_HEAD
    struct ScanIterator *newer, *older;
    uint32_t iterator;
    uint32_t call_depth; /* of the call in which it was opened */
    State state;
} ScanIterator;

static ScanIterator *newest;

static void leave_list(ScanIterator *scan, State state) {
    if (scan->newer != NULL)
        scan->newer->older = scan->older;
    else
        newest = scan->older;
    if (scan->older != NULL)
        scan->older->newer = scan->newer;
    scan->state = state;
}

static void scan_close(ScanIterator *scan) {
    leave_list(scan, CUT_OFF);
    host_row_iter_bsatn_close(scan->iterator);
}

void close_scans(void) {
    while (newest != NULL && newest->call_depth >= call_depth)
        scan_close(newest);
}

static void scan_dealloc(ScanIterator *scan) {
    if (scan->state == OPEN)
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
    if (scan->state == CUT_OFF)
        return raise_host_error(NO_SUCH_ITER, "row_iter_bsatn_advance");
    while (scan->state == OPEN) {
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
            leave_list(scan, AT_ITS_END);
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
    scan->newer = NULL;
    scan->older = newest;
    if (newest != NULL)
        newest->newer = scan;
    newest = scan;
    scan->iterator = iterator;
    scan->call_depth = call_depth;
    scan->state = OPEN;
    return (PyObject *)scan;
}

bool ready_scan_iterator(void) { return PyType_Ready(&ScanIterator_Type) == 0; }
