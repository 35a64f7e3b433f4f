#include "codec_writing.h"

#include "slots.h"

#include <string.h>

enum { LARGEST_INT = 32, NESTING_LIMIT = 1200 };

static bool write_as(const Plan *plan, const Node *node, PyObject *value, Writer *writer);

void start_writing(Writer *writer) {
    writer->bytes = writer->first;
    writer->length = 0;
    writer->capacity = FIRST_BYTES;
    writer->depth = writer->nesting = 0;
}

void end_writing(Writer *writer) {
    if (writer->bytes != writer->first)
        PyMem_Free(writer->bytes);
}

__attribute__((noinline)) static bool grow(Writer *writer, size_t size) {
    size_t capacity = 2 * writer->capacity;
    if (capacity < writer->length + size)
        capacity = writer->length + size;
    uint8_t *bytes = writer->bytes == writer->first ? PyMem_Malloc(capacity) : PyMem_Realloc(writer->bytes, capacity);
    if (bytes == NULL) {
        PyErr_NoMemory();
        return false;
    }
    if (writer->bytes == writer->first)
        memcpy(bytes, writer->first, writer->length);
    writer->bytes = bytes;
    writer->capacity = capacity;
    return true;
}

/* Room for so many bytes, behind those that are there; NULL without memory. */
static inline uint8_t *append(Writer *writer, size_t size) {
    if (writer->capacity - writer->length < size && !grow(writer, size))
        return NULL;
    uint8_t *room = writer->bytes + writer->length;
    writer->length += size;
    return room;
}

static inline bool append_byte(Writer *writer, uint8_t byte) {
    uint8_t *room = append(writer, 1);
    if (room != NULL)
        *room = byte;
    return room != NULL;
}

static bool append_sized(Writer *writer, const void *bytes, size_t length) {
    uint32_t length_32 = (uint32_t)length;
    uint8_t *room = append(writer, sizeof length_32 + length);
    if (room == NULL)
        return false;
    memcpy(room, &length_32, sizeof length_32);
    memcpy(room + sizeof length_32, bytes, length);
    return true;
}

/* --- numbers and texts -------------------------------------------------------------------------------------------- */

/* Of any size and sign; also of objects that only say which number they are. */
__attribute__((noinline)) static bool write_large_int(const Plan *plan, const Node *node, PyObject *value,
                                                      Writer *writer) {
    PyObject *number = PyNumber_Index(value);
    if (number == NULL)
        return false;
    uint8_t bytes[LARGEST_INT];
    int flags = Py_ASNATIVEBYTES_LITTLE_ENDIAN;
    if (!node->is_signed)
        flags |= Py_ASNATIVEBYTES_UNSIGNED_BUFFER | Py_ASNATIVEBYTES_REJECT_NEGATIVE;
    Py_ssize_t needed = PyLong_AsNativeBytes(number, bytes, (Py_ssize_t)node->size, flags);
    Py_DECREF(number);
    if (needed < 0)
        return false;
    if (needed > (Py_ssize_t)node->size)
        return raise_bad(plan);
    uint8_t *room = append(writer, node->size);
    if (room != NULL)
        memcpy(room, bytes, node->size);
    return room != NULL;
}

static bool write_int(const Plan *plan, const Node *node, PyObject *value, Writer *writer) {
    if (PyBool_Check(value))
        return raise_bad(plan);
    if (!PyLong_Check(value) || !PyUnstable_Long_IsCompact((PyLongObject *)value))
        return write_large_int(plan, node, value, writer);
    Py_ssize_t number = PyUnstable_Long_CompactValue((PyLongObject *)value);
    if (number < 0 && !node->is_signed)
        return raise_bad(plan);
    if (node->size < sizeof number) {
        int bits = 8 * (int)node->size - node->is_signed;
        if ((number < 0 ? ~number : number) >> bits)
            return raise_bad(plan);
    }
    uint8_t *room = append(writer, node->size);
    if (room == NULL)
        return false;
    if (node->size > sizeof number)
        memset(room, number < 0 ? 0xFF : 0, node->size);
    memcpy(room, &number, node->size < sizeof number ? node->size : sizeof number);
    return true;
}

static bool write_float(const Plan *plan, const Node *node, PyObject *value, Writer *writer) {
    if (PyBool_Check(value))
        return raise_bad(plan);
    double number = PyFloat_AsDouble(value);
    if (number == -1.0 && PyErr_Occurred())
        return false;
    char *room = (char *)append(writer, node->size);
    if (room == NULL)
        return false;
    return (node->size == 4 ? PyFloat_Pack4(number, room, 1) : PyFloat_Pack8(number, room, 1)) == 0;
}

static bool write_text(const Plan *plan, PyObject *value, Writer *writer) {
    if (!PyUnicode_Check(value))
        return raise_bad(plan);
    if (PyUnicode_IS_COMPACT_ASCII(value))
        return append_sized(writer, PyUnicode_1BYTE_DATA(value), (size_t)PyUnicode_GET_LENGTH(value));
    PyObject *bytes = PyUnicode_AsUTF8String(value); /* which the text does not keep */
    if (bytes == NULL)
        return false;
    bool written = append_sized(writer, PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes));
    Py_DECREF(bytes);
    return written;
}

static bool write_bytes(const Plan *plan, PyObject *value, Writer *writer) {
    PyObject *bytes = PyBytes_CheckExact(value) ? Py_NewRef(value) : PyObject_CallOneArg(plan->as_bytes, value);
    if (bytes == NULL)
        return false;
    bool written = append_sized(writer, PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes));
    Py_DECREF(bytes);
    return written;
}

/* --- special values ----------------------------------------------------------------------------------------------- */

/* Whether the value is an instance; -1 with an exception. */
static int is_of(PyObject *value, PyObject *class) {
    return (PyObject *)Py_TYPE(value) == class ? 1 : PyObject_IsInstance(value, class);
}

static bool write_reversed(const Plan *plan, const Node *node, PyObject *value, Writer *writer) {
    int fits = is_of(value, node->class);
    if (fits < 0)
        return false;
    if (!fits || !PyBytes_Check(value) || PyBytes_GET_SIZE(value) != (Py_ssize_t)node->size)
        return raise_bad(plan);
    const uint8_t *bytes = (const uint8_t *)PyBytes_AS_STRING(value);
    uint8_t *room = append(writer, node->size);
    for (uint32_t i = 0; room != NULL && i < node->size; i++)
        room[i] = bytes[node->size - 1 - i];
    return room != NULL;
}

static bool write_time(const Plan *plan, const Node *node, PyObject *value, Writer *writer) {
    if ((PyObject *)Py_TYPE(value) != node->class && !PyLong_CheckExact(value)) {
        int is_other = is_of(value, node->other);
        if (is_other != 0)
            return is_other < 0 ? false : raise_bad(plan);
    }
    return write_int(plan, node, value, writer);
}

static bool write_uuid(const Plan *plan, const Node *node, PyObject *value, Writer *writer) {
    int fits = is_of(value, node->class);
    if (fits <= 0)
        return fits < 0 ? false : raise_bad(plan);
    PyObject *number = PyObject_GetAttrString(value, "int");
    bool written = number != NULL && write_int(plan, node, number, writer);
    Py_XDECREF(number);
    return written;
}

/* --- what has parts ----------------------------------------------------------------------------------------------- */

static bool write_list(const Plan *plan, const Node *node, PyObject *value, Writer *writer) {
    PyObject *given = PyList_CheckExact(value) ? Py_NewRef(value) : PyObject_CallOneArg(plan->as_sequence, value);
    PyObject *elements = given == NULL ? NULL : PySequence_Fast(given, "");
    Py_XDECREF(given);
    if (elements == NULL)
        return false;
    size_t length_at = writer->length;
    bool written = append(writer, sizeof(uint32_t)) != NULL;
    uint32_t count = 0;
    /* Code of the elements' own may change the list meanwhile. */
    for (; written && (Py_ssize_t)count < PySequence_Fast_GET_SIZE(elements); count++) {
        PyObject *element = Py_NewRef(PySequence_Fast_GET_ITEM(elements, count));
        written = write_as(plan, node->parts, element, writer);
        Py_DECREF(element);
    }
    if (written)
        memcpy(writer->bytes + length_at, &count, sizeof count);
    Py_DECREF(elements);
    return written;
}

static bool write_attribute(const Plan *plan, const Node *node, PyObject *value, const char *name, Writer *writer) {
    PyObject *inside = PyObject_GetAttrString(value, name);
    bool written = inside != NULL && write_as(plan, node, inside, writer);
    Py_XDECREF(inside);
    return written;
}

static bool write_option(const Plan *plan, const Node *node, PyObject *value, Writer *writer) {
    if (value == Py_None)
        return append_byte(writer, 1);
    if (!append_byte(writer, 0))
        return false;
    if (node->class == NULL)
        return write_as(plan, node->parts, value, writer);
    if ((PyObject *)Py_TYPE(value) != node->class)
        return raise_bad(plan);
    return write_attribute(plan, node->parts, value, "value", writer);
}

static bool write_result(const Plan *plan, const Node *node, PyObject *value, Writer *writer) {
    PyObject *class = (PyObject *)Py_TYPE(value);
    if (class == node->class)
        return append_byte(writer, 0) && write_attribute(plan, &node->parts[0], value, "value", writer);
    if (class == node->other)
        return append_byte(writer, 1) && write_attribute(plan, &node->parts[1], value, "error", writer);
    return raise_bad(plan);
}

/* Of a sequence, a mapping or an object with attributes of other classes than the type's own. */
__attribute__((noinline)) static bool write_elements(const Plan *plan, const Node *node, PyObject *value,
                                                     Writer *writer) {
    PyObject *given = PyObject_CallFunctionObjArgs(plan->elements_of, value, node->names, NULL);
    PyObject *elements = given == NULL ? NULL : PySequence_Tuple(given);
    Py_XDECREF(given);
    if (elements == NULL)
        return false;
    bool written = PyTuple_GET_SIZE(elements) == (Py_ssize_t)node->count || raise_bad(plan);
    for (uint32_t i = 0; written && i < node->count; i++)
        written = write_as(plan, &node->parts[i], PyTuple_GET_ITEM(elements, i), writer);
    Py_DECREF(elements);
    return written;
}

static bool write_tuple(const Plan *plan, const Node *node, PyObject *value, Writer *writer) {
    if (node->count == 0) {
        int differs = PyObject_RichCompareBool(value, node->names, Py_NE); /* the names are none: () */
        return differs < 0 ? false : differs == 0 || raise_bad(plan);
    }
    if (!PyTuple_CheckExact(value) || PyTuple_GET_SIZE(value) != (Py_ssize_t)node->count)
        return PyTuple_CheckExact(value) ? raise_bad(plan) : write_elements(plan, node, value, writer);
    for (uint32_t i = 0; i < node->count; i++)
        if (!write_as(plan, &node->parts[i], PyTuple_GET_ITEM(value, i), writer))
            return false;
    return true;
}

static bool write_record(const Plan *plan, const Node *node, PyObject *value, Writer *writer) {
    if (node->count == 0) {
        int fits = is_of(value, node->class);
        return fits < 0 ? false : fits || raise_bad(plan);
    }
    if ((PyObject *)Py_TYPE(value) != node->class)
        return write_elements(plan, node, value, writer);
    for (uint32_t i = 0; i < node->count; i++) {
        PyObject *field = node->places == NULL ? PyObject_GetAttr(value, PyTuple_GET_ITEM(node->names, i))
                                               : Py_XNewRef(*slot_of(value, node->places[i]));
        if (field == NULL)
            return PyErr_Occurred() ? false : raise_bad(plan);
        bool written = write_as(plan, &node->parts[i], field, writer);
        Py_DECREF(field);
        if (!written)
            return false;
    }
    return true;
}

/* The place of one of the names, or of what it is; -1 if it is none. */
static Py_ssize_t place_of(PyObject *names, PyObject *wanted) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); i++)
        if (PyTuple_GET_ITEM(names, i) == wanted)
            return i;
    return -1;
}

static bool write_classes(const Plan *plan, const Node *node, PyObject *value, Writer *writer) {
    Py_ssize_t tag = place_of(node->names, (PyObject *)Py_TYPE(value));
    if (tag < 0)
        return raise_bad(plan);
    if (!append_byte(writer, (uint8_t)tag))
        return false;
    return PyTuple_GET_ITEM(node->units, tag) != Py_None ||
           write_attribute(plan, &node->parts[tag], value, "value", writer);
}

static bool write_variant(const Plan *plan, const Node *node, PyObject *value, Writer *writer) {
    if ((PyObject *)Py_TYPE(value) != node->class)
        return raise_bad(plan);
    PyObject *name = PyObject_GetAttrString(value, "name");
    if (name == NULL)
        return false;
    Py_ssize_t tag = -1;
    for (Py_ssize_t i = 0; tag < 0 && i < PyTuple_GET_SIZE(node->names); i++) {
        int same = PyObject_RichCompareBool(name, PyTuple_GET_ITEM(node->names, i), Py_EQ);
        tag = same > 0 ? i : -1;
        if (same < 0)
            break;
    }
    Py_DECREF(name);
    if (PyErr_Occurred())
        return false;
    PyObject *payload = tag < 0 ? NULL : PyObject_GetAttrString(value, "value");
    if (payload == NULL)
        return PyErr_Occurred() ? false : raise_bad(plan);
    bool is_unit = PyTuple_GET_ITEM(node->units, tag) != Py_None && payload == Py_None;
    bool written = append_byte(writer, (uint8_t)tag) && (is_unit || write_as(plan, &node->parts[tag], payload, writer));
    Py_DECREF(payload);
    return written;
}

static bool write_nested(const Plan *plan, const Node *node, PyObject *value, Writer *writer) {
    switch ((Kind)node->kind) {
    case LIST:
        return write_list(plan, node, value, writer);
    case OPTION:
        return write_option(plan, node, value, writer);
    case RESULT:
        return write_result(plan, node, value, writer);
    case TUPLE:
        return write_tuple(plan, node, value, writer);
    case RECORD:
        return write_record(plan, node, value, writer);
    case CLASSES:
        return write_classes(plan, node, value, writer);
    default:
        return write_variant(plan, node, value, writer);
    }
}

static bool write_called(const Plan *plan, const Node *node, PyObject *value, Writer *writer) {
    if (writer->depth >= plan->depth_limit)
        return raise_bad(plan);
    writer->depth++;
    bool written = write_as(plan, &plan->called[node->size], value, writer);
    writer->depth--;
    return written;
}

static bool write_as(const Plan *plan, const Node *node, PyObject *value, Writer *writer) {
    switch ((Kind)node->kind) {
    case BOOL:
        return PyBool_Check(value) ? append_byte(writer, value == Py_True) : raise_bad(plan);
    case INT:
        return write_int(plan, node, value, writer);
    case FLOAT:
        return write_float(plan, node, value, writer);
    case TEXT:
        return write_text(plan, value, writer);
    case BYTES:
        return write_bytes(plan, value, writer);
    case REVERSED_BYTES:
        return write_reversed(plan, node, value, writer);
    case TIME:
        return write_time(plan, node, value, writer);
    case UUID:
        return write_uuid(plan, node, value, writer);
    case MEMBERS: {
        Py_ssize_t tag = place_of(node->names, value);
        return tag < 0 ? raise_bad(plan) : append_byte(writer, (uint8_t)tag);
    }
    case CALL:
        return write_called(plan, node, value, writer);
    default:
        break;
    }
    if (writer->nesting >= NESTING_LIMIT)
        return raise_bad(plan);
    writer->nesting++;
    bool written = write_nested(plan, node, value, writer);
    writer->nesting--;
    return written;
}

bool write_value(const Plan *plan, PyObject *value, Writer *writer) {
    writer->depth = writer->nesting = 0;
    return write_as(plan, &plan->root, value, writer);
}
