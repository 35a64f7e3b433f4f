#include "codec.h"

#include "arguments.h"
#include "codec_reading.h"
#include "codec_writing.h"

typedef struct {
    PyObject_HEAD
    Plan plan;
} Codec;

static PyObject *codec_new(PyTypeObject *type, PyObject *arguments, PyObject *named) {
    PyObject *root, *called, *parts;
    static char *names[] = {"root", "called", "parts", NULL};
    if (!PyArg_ParseTupleAndKeywords(arguments, named, "OOO", names, &root, &called, &parts))
        return NULL;
    Codec *codec = (Codec *)type->tp_alloc(type, 0);
    if (codec != NULL && !read_plan(&codec->plan, root, called, parts))
        Py_CLEAR(codec);
    return (PyObject *)codec;
}

static void codec_dealloc(Codec *codec) {
    free_plan(&codec->plan);
    Py_TYPE(codec)->tp_free(codec);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

/* write(value) -> bytes */
static PyObject *codec_write(Codec *codec, PyObject *value) {
    Writer writer;
    start_writing(&writer);
    PyObject *bytes = NULL;
    if (write_value(&codec->plan, value, &writer))
        bytes = PyBytes_FromStringAndSize((const char *)writer.bytes, (Py_ssize_t)writer.length);
    end_writing(&writer);
    return bytes;
}

/* write_rows(values) -> bytes: one behind the other, of a list or a tuple */
static PyObject *codec_write_rows(Codec *codec, PyObject *values) {
    PyObject *rows = PySequence_Fast(values, "rows are a list or a tuple");
    if (rows == NULL)
        return NULL;
    Writer writer;
    start_writing(&writer);
    bool written = true;
    for (Py_ssize_t i = 0; written && i < PySequence_Fast_GET_SIZE(rows); i++) {
        PyObject *row = Py_NewRef(PySequence_Fast_GET_ITEM(rows, i));
        written = write_value(&codec->plan, row, &writer);
        Py_DECREF(row);
    }
    PyObject *bytes = written ? PyBytes_FromStringAndSize((const char *)writer.bytes, (Py_ssize_t)writer.length) : NULL;
    end_writing(&writer);
    Py_DECREF(rows);
    return bytes;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static bool start_reading(PyObject *data, Reader *reader) {
    Slice slice;
    if (!as_slice(data, &slice))
        return false;
    *reader = (Reader){.bytes = slice.bytes, .length = slice.length};
    return true;
}

/* read(data) -> value, of which nothing is left over */
static PyObject *codec_read(Codec *codec, PyObject *data) {
    Reader reader;
    if (!start_reading(data, &reader))
        return NULL;
    PyObject *value = read_value(&codec->plan, &reader);
    if (value != NULL && reader.offset != reader.length) {
        Py_CLEAR(value);
        raise_bad(&codec->plan);
    }
    return value;
}

/* read_part(data, offset) -> (value, offset behind it) */
static PyObject *codec_read_part(Codec *codec, PyObject *const *arguments, Py_ssize_t count) {
    Reader reader;
    if (!has_count("read_part", count, 2) || !start_reading(arguments[0], &reader))
        return NULL;
    reader.offset = PyLong_AsSize_t(arguments[1]);
    if (reader.offset == (size_t)-1 && PyErr_Occurred())
        return NULL;
    if (reader.offset > reader.length) {
        raise_bad(&codec->plan);
        return NULL;
    }
    PyObject *value = read_value(&codec->plan, &reader);
    PyObject *end = value == NULL ? NULL : PyLong_FromSize_t(reader.offset);
    PyObject *pair = end == NULL ? NULL : PyTuple_Pack(2, value, end);
    Py_XDECREF(value);
    Py_XDECREF(end);
    return pair;
}

/* read_rows(data) -> values, one behind the other until the end of the data */
static PyObject *codec_read_rows(Codec *codec, PyObject *data) {
    Reader reader;
    PyObject *rows = start_reading(data, &reader) ? PyList_New(0) : NULL;
    while (rows != NULL && reader.offset < reader.length) {
        size_t start = reader.offset;
        PyObject *row = read_value(&codec->plan, &reader);
        if (row != NULL && reader.offset == start) {
            Py_CLEAR(row); /* rows that take no bytes would never end */
            raise_bad(&codec->plan);
        }
        if (row == NULL || PyList_Append(rows, row) < 0)
            Py_CLEAR(rows);
        Py_XDECREF(row);
    }
    return rows;
}

static PyMethodDef codec_methods[] = {
    {"write", (PyCFunction)codec_write, METH_O, NULL},
    {"write_rows", (PyCFunction)codec_write_rows, METH_O, NULL},
    {"read", (PyCFunction)codec_read, METH_O, NULL},
    {"read_part", (PyCFunction)(void (*)(void))codec_read_part, METH_FASTCALL, NULL},
    {"read_rows", (PyCFunction)codec_read_rows, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyTypeObject Codec_Type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "_spacetimedb.Codec",
    .tp_basicsize = sizeof(Codec),
    .tp_dealloc = (destructor)codec_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = codec_methods,
    .tp_new = codec_new,
};

bool add_codec_type(PyObject *module) { return PyModule_AddType(module, &Codec_Type) == 0; }
