/* What the host calls: each function hands its arguments to a method of the entry, as bytes, numbers and text.
 *
 * An exception that comes out of the entry is one that the guest's Python could not handle: it is logged and traps,
 * which ends the call and its transaction, and gives this instance up.
 */
#include "entry.h"

#include "arguments.h"
#include "byte_streams.h"
#include "calls.h"
#include "derived_values.h"
#include "host_imports.h"
#include "interpreter.h"
#include "reducer_calls.h"
#include "shared_generator.h"
#include "wasi_state.h"

#define EXPORT(name) __attribute__((export_name(#name)))

enum { SUCCEEDED = 0, FAILED_WITH_MESSAGE = 1, SUCCEEDED_HEADER_FIRST = 2 };

enum { DESCRIBE, CALL_REDUCER, SAY_WHY, CALL_VIEW, CALL_ANONYMOUS_VIEW, CALL_PROCEDURE, CALL_HTTP_HANDLER, METHODS };

static const char *const method_names[METHODS] = {
    "describe", "call_reducer", "say_why", "call_view", "call_anonymous_view", "call_procedure", "call_http_handler"};
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

static PyObject *identity_class, *connection_id_class, *timestamp_class;

PyObject *set_classes(PyObject *Py_UNUSED(module), PyObject *const *classes, Py_ssize_t count) {
    if (!has_count("set_classes", count, 3))
        return NULL;
    Py_XSETREF(identity_class, Py_NewRef(classes[0]));
    Py_XSETREF(connection_id_class, Py_NewRef(classes[1]));
    Py_XSETREF(timestamp_class, Py_NewRef(classes[2]));
    Py_RETURN_NONE;
}

_Noreturn static void crash(void) {
    log_exception(LOG_PANIC);
    __builtin_trap();
}

/* Ends the call if one is NULL, with an exception: there is no memory. */
static void expect_all(PyObject **arguments, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (arguments[i] == NULL)
            crash();
}

/* Calls a method with arguments of which it takes the references; some may be NULL, with an exception. */
static PyObject *call_method(int method, PyObject **arguments, size_t count) {
    expect_all(arguments, count);
    if (methods[method] == NULL)
        PyErr_Format(PyExc_RuntimeError, "no module is loaded to %s", method_names[method]);
    PyObject *result = methods[method] != NULL ? PyObject_Vectorcall(methods[method], arguments, count, NULL) : NULL;
    for (size_t i = 0; i < count; i++)
        Py_DECREF(arguments[i]);
    if (result == NULL)
        crash();
    return result;
}

/* The same as all there is to a call of the host's. */
static PyObject *call(int method, PyObject **arguments, size_t count) {
    begin_call();
    PyObject *result = call_method(method, arguments, count);
    end_call();
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

/* --- arguments of the given classes; without them, bytes and numbers as they come ----------------------------- */

typedef struct {
    uint64_t words[4]; /* the least significant first */
} Sender;

typedef struct {
    uint64_t words[2];
} Connection;

static PyObject *as_identity(Sender sender) {
    if (identity_class == NULL)
        return PyBytes_FromStringAndSize((const char *)&sender, sizeof sender);
    return reversed_bytes(identity_class, (const uint8_t *)&sender, sizeof sender);
}

/* None if the call came through no connection. */
static PyObject *as_connection_id(Connection connection) {
    if (connection_id_class == NULL)
        return PyBytes_FromStringAndSize((const char *)&connection, sizeof connection);
    if ((connection.words[0] | connection.words[1]) == 0)
        return Py_NewRef(Py_None);
    return reversed_bytes(connection_id_class, (const uint8_t *)&connection, sizeof connection);
}

static PyObject *as_timestamp(uint64_t micros) {
    if (timestamp_class == NULL)
        return PyLong_FromUnsignedLongLong(micros);
    PyObject *number = PyLong_FromLongLong((int64_t)micros);
    PyObject *timestamp = number == NULL ? NULL : derived_int(timestamp_class, number);
    Py_XDECREF(number);
    return timestamp;
}

/* What is random, and all clocks, follow from the call. Those of views do not: one may run while a procedure's
 * transaction ends, and the procedure goes on with its time. */
static void begin_timed_call(uint32_t id, uint64_t sender_0, uint64_t timestamp) {
    uint64_t seed = sender_0 ^ timestamp ^ (uint64_t)id << 48;
    clock_nanoseconds = timestamp * 1000;
    seed_random_bytes(seed);
    seed_shared_generator(seed);
}

EXPORT(__describe_module__) void describe_module(uint32_t description) {
    PyObject *none[1];
    PyObject *result = call(DESCRIBE, none, 0);
    write_bytes(description, result);
    Py_DECREF(result);
}

static int32_t told_reducer_result(uint32_t error, PyObject *result) {
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

EXPORT(__call_reducer__)
int32_t call_reducer(uint32_t id, uint64_t sender_0, uint64_t sender_1, uint64_t sender_2, uint64_t sender_3,
                     uint64_t connection_0, uint64_t connection_1, uint64_t timestamp, uint32_t args, uint32_t error) {
    begin_timed_call(id, sender_0, timestamp);
    PyObject *arguments[] = {
        PyLong_FromUnsignedLong(id), as_identity((Sender){{sender_0, sender_1, sender_2, sender_3}}),
        as_connection_id((Connection){{connection_0, connection_1}}), as_timestamp(timestamp), read_source(args)};
    const size_t count = sizeof arguments / sizeof *arguments;
    PyObject *result;
    begin_call();
    expect_all(arguments, count);
    if (!call_directly(id, arguments[1], arguments[2], arguments[3], arguments[4], &result)) {
        result = call_method(CALL_REDUCER, arguments, count);
    } else {
        for (size_t i = 0; i < count; i++)
            Py_DECREF(arguments[i]);
        if (result != NULL) {
            Py_SETREF(result, Py_None);
        } else {
            PyObject *raised[] = {PyErr_GetRaisedException()};
            result = call_method(SAY_WHY, raised, 1);
        }
    }
    end_call();
    return told_reducer_result(error, result);
}

EXPORT(__call_view__)
int32_t call_view(uint32_t id, uint64_t sender_0, uint64_t sender_1, uint64_t sender_2, uint64_t sender_3,
                  uint32_t args, uint32_t rows) {
    PyObject *arguments[] = {PyLong_FromUnsignedLong(id),
                             as_identity((Sender){{sender_0, sender_1, sender_2, sender_3}}), read_source(args)};
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
    begin_timed_call(id, sender_0, timestamp);
    PyObject *arguments[] = {
        PyLong_FromUnsignedLong(id), as_identity((Sender){{sender_0, sender_1, sender_2, sender_3}}),
        as_connection_id((Connection){{connection_0, connection_1}}), as_timestamp(timestamp), read_source(args)};
    return write_result(returned, CALL(CALL_PROCEDURE, arguments), SUCCEEDED);
}

EXPORT(__call_http_handler__)
int32_t call_http_handler(uint32_t id, uint64_t timestamp, uint32_t request, uint32_t body, uint32_t answer,
                          uint32_t answer_body) {
    begin_timed_call(id, 0, timestamp);
    PyObject *arguments[] = {PyLong_FromUnsignedLong(id), as_timestamp(timestamp), read_source(request),
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
