/* _spacetimedb: transactions of procedures, and their HTTP requests. See stdbpy.module.host.Host. */
#include "abi_levels.h"
#include "arguments.h"
#include "byte_streams.h"
#include "host_calls.h"
#include "host_errors.h"
#include "host_imports.h"

static PyObject *start_mut_tx(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none)) {
    int64_t micros;
    if (!abi_level_is_at_least(3, "procedure_start_mut_tx"))
        return NULL;
    int32_t result = abi_procedure_start_mut_tx(&micros);
    return failed(result) ? raise_host_error(result, "procedure_start_mut_tx") : PyLong_FromLongLong(micros);
}

static PyObject *commit_mut_tx(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none)) {
    if (!abi_level_is_at_least(3, "procedure_commit_mut_tx"))
        return NULL;
    int32_t result = abi_procedure_commit_mut_tx();
    return failed(result) ? raise_host_error(result, "procedure_commit_mut_tx") : Py_NewRef(Py_None);
}

static PyObject *abort_mut_tx(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none)) {
    if (!abi_level_is_at_least(3, "procedure_abort_mut_tx"))
        return NULL;
    int32_t result = abi_procedure_abort_mut_tx();
    return failed(result) ? raise_host_error(result, "procedure_abort_mut_tx") : Py_NewRef(Py_None);
}

static PyObject *sleep_until(PyObject *Py_UNUSED(module), PyObject *argument) {
    int64_t wake_at = PyLong_AsLongLong(argument);
    if ((wake_at == -1 && PyErr_Occurred()) || !abi_level_is_at_least(3, "procedure_sleep_until"))
        return NULL;
    return PyLong_FromLongLong(abi_procedure_sleep_until(wake_at));
}

/* What a failed request's source says: a BSATN string, which is its length in four bytes and UTF-8. */
static PyObject *failure_of_request(uint32_t source) {
    PyObject *encoded = read_source(source);
    if (encoded == NULL)
        return NULL;
    enum { LENGTH = 4 };
    const char *text = PyBytes_AS_STRING(encoded);
    Py_ssize_t length = PyBytes_GET_SIZE(encoded);
    PyObject *message = length < LENGTH ? PyUnicode_FromString("procedure_http_request")
                                        : PyUnicode_DecodeUTF8(text + LENGTH, length - LENGTH, "replace");
    Py_DECREF(encoded);
    return raise_host_error_with(HTTP_ERROR, message);
}

static PyObject *http_request(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count) {
    static const char name[] = "procedure_http_request";
    Slice request, body;
    uint32_t sources[2] = {0, 0};
    if (!abi_level_is_at_least(3, name) || !has_count(name, count, 2) || !as_slice(arguments[0], &request) ||
        !as_slice(arguments[1], &body))
        return NULL;
    int32_t result =
        abi_procedure_http_request(request.bytes, (uint32_t)request.length, body.bytes, (uint32_t)body.length, sources);
    if ((uint16_t)result == HTTP_ERROR)
        return failure_of_request(sources[0]);
    if (failed(result))
        return raise_host_error(result, name);
    PyObject *head = read_source(sources[0]);
    PyObject *content = head == NULL ? NULL : read_source(sources[1]);
    PyObject *answer = content == NULL ? NULL : PyTuple_Pack(2, head, content);
    Py_XDECREF(head);
    Py_XDECREF(content);
    return answer;
}

PyMethodDef procedure_methods[] = {
    {"procedure_start_mut_tx", start_mut_tx, METH_NOARGS, NULL},
    {"procedure_commit_mut_tx", commit_mut_tx, METH_NOARGS, NULL},
    {"procedure_abort_mut_tx", abort_mut_tx, METH_NOARGS, NULL},
    {"procedure_sleep_until", sleep_until, METH_O, NULL},
    {"procedure_http_request", (PyCFunction)(void (*)(void))http_request, METH_FASTCALL, NULL},
    {NULL, NULL, 0, NULL},
};
