#include "codec_reading.h"

#include "derived_values.h"
#include "slots.h"

#include <string.h>

enum { NESTING_LIMIT = 1200 };

static PyObject *read_as(const Plan *plan, const Node *node, Reader *reader);

static PyObject *bad(const Plan *plan) {
    raise_bad(plan);
    return NULL;
}

/* So many bytes; NULL, with an exception, if there are fewer. */
static inline const uint8_t *take(const Plan *plan, Reader *reader, size_t size) {
    if (reader->length - reader->offset < size) {
        raise_bad(plan);
        return NULL;
    }
    const uint8_t *taken = reader->bytes + reader->offset;
    reader->offset += size;
    return taken;
}

static bool take_length(const Plan *plan, Reader *reader, uint32_t *length) {
    const uint8_t *bytes = take(plan, reader, sizeof *length);
    if (bytes != NULL)
        memcpy(length, bytes, sizeof *length);
    return bytes != NULL;
}

/* The number of a variant, below the count. */
static bool take_tag(const Plan *plan, Reader *reader, uint32_t count, uint8_t *tag) {
    const uint8_t *bytes = take(plan, reader, 1);
    if (bytes == NULL)
        return false;
    *tag = *bytes;
    return *tag < count || raise_bad(plan);
}

/* --- numbers and texts -------------------------------------------------------------------------------------------- */

static PyObject *read_int(const Plan *plan, const Node *node, Reader *reader) {
    const uint8_t *bytes = take(plan, reader, node->size);
    if (bytes == NULL)
        return NULL;
    if (node->size > sizeof(uint64_t))
        return node->is_signed ? PyLong_FromNativeBytes(bytes, node->size, Py_ASNATIVEBYTES_LITTLE_ENDIAN)
                               : PyLong_FromUnsignedNativeBytes(bytes, node->size, Py_ASNATIVEBYTES_LITTLE_ENDIAN);
    uint64_t number = 0;
    memcpy(&number, bytes, node->size);
    if (!node->is_signed)
        return number <= UINT32_MAX ? PyLong_FromUnsignedLong((uint32_t)number) : PyLong_FromUnsignedLongLong(number);
    int unused = 64 - 8 * (int)node->size;
    int64_t with_sign = (int64_t)(number << unused) >> unused;
    return with_sign >= INT32_MIN && with_sign <= INT32_MAX ? PyLong_FromLong((int32_t)with_sign)
                                                            : PyLong_FromLongLong(with_sign);
}

static PyObject *read_float(const Plan *plan, const Node *node, Reader *reader) {
    const char *bytes = (const char *)take(plan, reader, node->size);
    if (bytes == NULL)
        return NULL;
    double number = node->size == 4 ? PyFloat_Unpack4(bytes, 1) : PyFloat_Unpack8(bytes, 1);
    return number == -1.0 && PyErr_Occurred() ? NULL : PyFloat_FromDouble(number);
}

static PyObject *read_sized(const Plan *plan, const Node *node, Reader *reader) {
    uint32_t length;
    if (!take_length(plan, reader, &length))
        return NULL;
    const char *bytes = (const char *)take(plan, reader, length);
    if (bytes == NULL)
        return NULL;
    return node->kind == TEXT ? PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)length, NULL)
                              : PyBytes_FromStringAndSize(bytes, (Py_ssize_t)length);
}

/* --- special values ----------------------------------------------------------------------------------------------- */

/* An instance of a class derived from bytes, as bytes.__new__ makes it. */
static PyObject *read_reversed(const Plan *plan, const Node *node, Reader *reader) {
    const uint8_t *bytes = take(plan, reader, node->size);
    return bytes == NULL ? NULL : reversed_bytes(node->class, bytes, node->size);
}

static PyObject *read_time(const Plan *plan, const Node *node, Reader *reader) {
    PyObject *number = read_int(plan, node, reader);
    if (number == NULL)
        return NULL;
    PyObject *time = derived_int(node->class, number);
    Py_DECREF(number);
    return time;
}

static PyObject *read_uuid(const Plan *plan, const Node *node, Reader *reader) {
    PyObject *number = read_int(plan, node, reader);
    if (number == NULL)
        return NULL;
    PyObject *uuid = PyObject_CallOneArg(plan->uuid_from_int, number);
    Py_DECREF(number);
    return uuid;
}

/* --- what has parts ----------------------------------------------------------------------------------------------- */

static PyObject *read_list(const Plan *plan, const Node *node, Reader *reader) {
    uint32_t length;
    if (!take_length(plan, reader, &length))
        return NULL;
    size_t most = node->size != 0 ? (reader->length - reader->offset) / node->size : plan->empty_limit;
    if (length > most)
        return bad(plan);
    PyObject *list = PyList_New((Py_ssize_t)length);
    for (uint32_t i = 0; list != NULL && i < length; i++) {
        PyObject *element = read_as(plan, node->parts, reader);
        if (element == NULL)
            Py_CLEAR(list);
        else
            PyList_SET_ITEM(list, i, element);
    }
    return list;
}

/* The class, called with a value of which it takes the reference; NULL stays NULL. */
static PyObject *wrapped(PyObject *class, PyObject *value) {
    if (value == NULL)
        return NULL;
    PyObject *made = PyObject_CallOneArg(class, value);
    Py_DECREF(value);
    return made;
}

static PyObject *read_option(const Plan *plan, const Node *node, Reader *reader) {
    uint8_t tag;
    if (!take_tag(plan, reader, 2, &tag))
        return NULL;
    if (tag == 1)
        Py_RETURN_NONE;
    PyObject *value = read_as(plan, node->parts, reader);
    return node->class == NULL ? value : wrapped(node->class, value);
}

static PyObject *read_result(const Plan *plan, const Node *node, Reader *reader) {
    uint8_t tag;
    if (!take_tag(plan, reader, 2, &tag))
        return NULL;
    return wrapped(tag == 0 ? node->class : node->other, read_as(plan, &node->parts[tag], reader));
}

static PyObject *read_tuple(const Plan *plan, const Node *node, Reader *reader) {
    PyObject *tuple = PyTuple_New((Py_ssize_t)node->count);
    for (uint32_t i = 0; tuple != NULL && i < node->count; i++) {
        PyObject *element = read_as(plan, &node->parts[i], reader);
        if (element == NULL)
            Py_CLEAR(tuple);
        else
            PyTuple_SET_ITEM(tuple, i, element);
    }
    return tuple;
}

static PyObject *read_record(const Plan *plan, const Node *node, Reader *reader) {
    PyTypeObject *class = (PyTypeObject *)node->class;
    if (!node->is_plain) {
        PyObject *values = read_tuple(plan, node, reader);
        if (values == NULL)
            return NULL;
        PyObject *made =
            PyObject_Vectorcall(node->class, &PyTuple_GET_ITEM(values, 0), (size_t)PyTuple_GET_SIZE(values), NULL);
        Py_DECREF(values);
        return made;
    }
    PyObject *record = class->tp_alloc(class, 0);
    for (uint32_t i = 0; record != NULL && i < node->count; i++) {
        PyObject *field = read_as(plan, &node->parts[i], reader);
        if (field == NULL)
            Py_CLEAR(record);
        else
            *slot_of(record, node->places[i]) = field;
    }
    return record;
}

static PyObject *read_union(const Plan *plan, const Node *node, Reader *reader) {
    uint8_t tag;
    if (!take_tag(plan, reader, (uint32_t)PyTuple_GET_SIZE(node->names), &tag))
        return NULL;
    PyObject *name = PyTuple_GET_ITEM(node->names, tag);
    if (node->kind == MEMBERS)
        return Py_NewRef(name);
    PyObject *unit = PyTuple_GET_ITEM(node->units, tag);
    if (unit != Py_None)
        return Py_NewRef(unit);
    PyObject *payload = read_as(plan, &node->parts[tag], reader);
    if (payload == NULL || node->kind == CLASSES)
        return wrapped(name, payload);
    PyObject *variant = PyObject_CallFunctionObjArgs(node->class, name, payload, NULL);
    Py_DECREF(payload);
    return variant;
}

static PyObject *read_nested(const Plan *plan, const Node *node, Reader *reader) {
    switch ((Kind)node->kind) {
    case LIST:
        return read_list(plan, node, reader);
    case OPTION:
        return read_option(plan, node, reader);
    case RESULT:
        return read_result(plan, node, reader);
    case TUPLE:
        return read_tuple(plan, node, reader);
    case RECORD:
        return read_record(plan, node, reader);
    default:
        return read_union(plan, node, reader);
    }
}

static PyObject *read_called(const Plan *plan, const Node *node, Reader *reader) {
    if (reader->depth >= plan->depth_limit)
        return bad(plan);
    reader->depth++;
    PyObject *value = read_as(plan, &plan->called[node->size], reader);
    reader->depth--;
    return value;
}

static PyObject *read_as(const Plan *plan, const Node *node, Reader *reader) {
    switch ((Kind)node->kind) {
    case BOOL: {
        uint8_t tag;
        return take_tag(plan, reader, 2, &tag) ? PyBool_FromLong(tag) : NULL;
    }
    case INT:
        return read_int(plan, node, reader);
    case FLOAT:
        return read_float(plan, node, reader);
    case TEXT:
    case BYTES:
        return read_sized(plan, node, reader);
    case REVERSED_BYTES:
        return read_reversed(plan, node, reader);
    case TIME:
        return read_time(plan, node, reader);
    case UUID:
        return read_uuid(plan, node, reader);
    case CALL:
        return read_called(plan, node, reader);
    default:
        break;
    }
    if (reader->nesting >= NESTING_LIMIT)
        return bad(plan);
    reader->nesting++;
    PyObject *value = read_nested(plan, node, reader);
    reader->nesting--;
    return value;
}

PyObject *read_value(const Plan *plan, Reader *reader) {
    reader->depth = reader->nesting = 0;
    return read_as(plan, &plan->root, reader);
}
