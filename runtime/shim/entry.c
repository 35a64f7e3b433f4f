/* What the host calls: each function hands its arguments to a method of the entry, as bytes, numbers and text.
 *
 * An exception that comes out of the entry is one that the guest's Python could not handle: it is logged and traps,
 * which ends the call and its transaction, and gives this instance up.
 */
#include "entry.h"

#include "byte_streams.h"
#include "host_imports.h"
#include "interpreter.h"
#include "scan_iterator.h"

#define EXPORT(name) __attribute__((export_name(#name)))

enum { SUCCEEDED = 0, FAILED_WITH_MESSAGE = 1, SUCCEEDED_HEADER_FIRST = 2 };

enum { DESCRIBE, CALL_REDUCER, CALL_VIEW, CALL_ANONYMOUS_VIEW, CALL_PROCEDURE, CALL_HTTP_HANDLER, METHODS };

static const char *const method_names[METHODS] = {
    "describe", "call_reducer", "call_view", "call_anonymous_view", "call_procedure", "call_http_handler"};
static PyObject *methods[METHODS];

PyObject *set_entry(PyObject *Py_UNUSED(module), PyObject *entry) {
    for (int i = 0; i < METHODS; i++) {
        PyObject *method = PyObject_GetAttrString(entry, method_names[i]);
        if (method == NULL)
            return NULL;
        Py_XSETREF(methods[i], method);
    }
    Py_RETURN_NONE;
}

_Noreturn static void crash(void) {
    log_exception(LOG_PANIC);
    __builtin_trap();
}

/* Calls a method with arguments of which it takes the references; some may be NULL, with an exception. */
static PyObject *call(int method, PyObject **arguments, size_t count) {
    forget_open_scans();
    bool complete = true;
    for (size_t i = 0; i < count; i++)
        complete = complete && arguments[i] != NULL;
    if (methods[method] == NULL)
        PyErr_Format(PyExc_RuntimeError, "no module is loaded to %s", method_names[method]);
    PyObject *result =
        complete && methods[method] != NULL ? PyObject_Vectorcall(methods[method], arguments, count, NULL) : NULL;
    for (size_t i = 0; i < count; i++)
        Py_XDECREF(arguments[i]);
    if (result == NULL)
        crash();
    return result;
}

#define CALL(method, arguments) call(method, arguments, sizeof(arguments) / sizeof *(arguments))

static void write_bytes(uint32_t sink, PyObject *bytes) {
    if (!PyBytes_Check(bytes)) {
        PyErr_Format(PyExc_TypeError, "bytes are needed, not %T", bytes);
        crash();
    }
    if (!write_sink(sink, PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes)))
        crash();
}

static int32_t write_message(uint32_t sink, PyObject *text) {
    Py_ssize_t length;
    const char *message = PyUnicode_AsUTF8AndSize(text, &length);
    if (message == NULL || !write_sink(sink, message, (size_t)length))
        crash();
    return FAILED_WITH_MESSAGE;
}

/* Bytes are what the function gave; text is why it failed. */
static int32_t write_result(uint32_t sink, PyObject *result, int32_t success) {
    int32_t code = success;
    if (PyUnicode_Check(result))
        code = write_message(sink, result);
    else
        write_bytes(sink, result);
    Py_DECREF(result);
    return code;
}

/* Numbers of several words, the least significant first, as bytes in that order. */
static PyObject *words(size_t count, const uint64_t *numbers) {
    return PyBytes_FromStringAndSize((const char *)numbers, (Py_ssize_t)(count * sizeof *numbers));
}

#define WORDS(...) words(sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), (const uint64_t[]){__VA_ARGS__})

EXPORT(__describe_module__) void describe_module(uint32_t description) {
    PyObject *none[1];
    PyObject *result = call(DESCRIBE, none, 0);
    write_bytes(description, result);
    Py_DECREF(result);
}

EXPORT(__call_reducer__)
int32_t call_reducer(uint32_t id, uint64_t sender_0, uint64_t sender_1, uint64_t sender_2, uint64_t sender_3,
                     uint64_t connection_0, uint64_t connection_1, uint64_t timestamp, uint32_t args, uint32_t error) {
    PyObject *arguments[] = {PyLong_FromUnsignedLong(id), WORDS(sender_0, sender_1, sender_2, sender_3),
                             WORDS(connection_0, connection_1), PyLong_FromUnsignedLongLong(timestamp),
                             read_source(args)};
    PyObject *result = CALL(CALL_REDUCER, arguments);
    if (result == Py_None)
        return SUCCEEDED; /* None needs no reference given back */
    if (!PyUnicode_Check(result)) {
        PyErr_Format(PyExc_TypeError, "a reducer gives None or why it failed, not %T", result);
        crash();
    }
    int32_t code = write_message(error, result);
    Py_DECREF(result);
    return code;
}

EXPORT(__call_view__)
int32_t call_view(uint32_t id, uint64_t sender_0, uint64_t sender_1, uint64_t sender_2, uint64_t sender_3,
                  uint32_t args, uint32_t rows) {
    PyObject *arguments[] = {PyLong_FromUnsignedLong(id), WORDS(sender_0, sender_1, sender_2, sender_3),
                             read_source(args)};
    return write_result(rows, CALL(CALL_VIEW, arguments), SUCCEEDED_HEADER_FIRST);
}

EXPORT(__call_view_anon__) int32_t call_anonymous_view(uint32_t id, uint32_t args, uint32_t rows) {
    PyObject *arguments[] = {PyLong_FromUnsignedLong(id), read_source(args)};
    return write_result(rows, CALL(CALL_ANONYMOUS_VIEW, arguments), SUCCEEDED_HEADER_FIRST);
}

EXPORT(__call_procedure__)
int32_t call_procedure(uint32_t id, uint64_t sender_0, uint64_t sender_1, uint64_t sender_2, uint64_t sender_3,
                       uint64_t connection_0, uint64_t connection_1, uint64_t timestamp, uint32_t args,
                       uint32_t returned) {
    PyObject *arguments[] = {PyLong_FromUnsignedLong(id), WORDS(sender_0, sender_1, sender_2, sender_3),
                             WORDS(connection_0, connection_1), PyLong_FromUnsignedLongLong(timestamp),
                             read_source(args)};
    return write_result(returned, CALL(CALL_PROCEDURE, arguments), SUCCEEDED);
}

EXPORT(__call_http_handler__)
int32_t call_http_handler(uint32_t id, uint64_t timestamp, uint32_t request, uint32_t body, uint32_t answer,
                          uint32_t answer_body) {
    PyObject *arguments[] = {PyLong_FromUnsignedLong(id), PyLong_FromUnsignedLongLong(timestamp), read_source(request),
                             read_source(body)};
    PyObject *result = CALL(CALL_HTTP_HANDLER, arguments);
    if (!PyTuple_Check(result) || PyTuple_GET_SIZE(result) != 2) {
        PyErr_Format(PyExc_TypeError, "an HTTP handler gives two times bytes, not %T", result);
        crash();
    }
    write_bytes(answer, PyTuple_GET_ITEM(result, 0));
    write_bytes(answer_body, PyTuple_GET_ITEM(result, 1));
    Py_DECREF(result);
    return SUCCEEDED;
}
