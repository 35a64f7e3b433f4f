#include "reducer_calls.h"

#include "slots.h"

enum { CONSTANT, SENDER, CONNECTION_ID, TIMESTAMP, SOURCES };
enum { MOST_ARGUMENTS = 32 };

typedef struct {
    uint32_t place;
    uint32_t source;
    PyObject *constant;
} Field;

typedef struct {
    PyObject *function; /* NULL if it is not called directly */
    PyTypeObject *context_class;
    PyObject *read;
    Field *fields;
    uint32_t field_count;
    uint32_t lost_place; /* of what a context has only while the call lasts */
} Reducer;

static Reducer *reducers;
static uint32_t reducer_count;

static bool read_fields(Reducer *reducer, PyObject *told) {
    Py_ssize_t count = PyTuple_GET_SIZE(told);
    reducer->fields = PyMem_Calloc((size_t)count + 1, sizeof(Field));
    if (reducer->fields == NULL) {
        PyErr_NoMemory();
        return false;
    }
    reducer->field_count = (uint32_t)count;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *name;
        Field *field = &reducer->fields[i];
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(told, i), "UIO", &name, &field->source, &field->constant))
            return false;
        if (!find_slot(reducer->context_class, name, &field->place) || field->source >= SOURCES) {
            PyErr_Format(PyExc_ValueError, "%s has no slot %R", reducer->context_class->tp_name, name);
            return false;
        }
        Py_INCREF(field->constant);
    }
    return true;
}

static bool read_reducer(Reducer *reducer, PyObject *told) {
    if (told == Py_None)
        return true;
    PyObject *function, *class, *fields, *lost, *read;
    if (!PyArg_ParseTuple(told, "OO!O!UO", &function, &PyType_Type, &class, &PyTuple_Type, &fields, &lost, &read))
        return false;
    reducer->context_class = (PyTypeObject *)Py_NewRef(class);
    reducer->read = Py_NewRef(read);
    if (!read_fields(reducer, fields))
        return false;
    if (!find_slot(reducer->context_class, lost, &reducer->lost_place)) {
        PyErr_Format(PyExc_ValueError, "%s has no slot %R", reducer->context_class->tp_name, lost);
        return false;
    }
    reducer->function = Py_NewRef(function);
    return true;
}

PyObject *set_reducers(PyObject *Py_UNUSED(module), PyObject *told) {
    if (!PyTuple_Check(told)) {
        PyErr_SetString(PyExc_TypeError, "set_reducers takes a tuple");
        return NULL;
    }
    Py_ssize_t count = PyTuple_GET_SIZE(told);
    reducer_count = 0; /* what was set before stays in memory: they are set once */
    reducers = PyMem_Calloc((size_t)count + 1, sizeof(Reducer));
    if (reducers == NULL)
        return PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < count; i++)
        if (!read_reducer(&reducers[i], PyTuple_GET_ITEM(told, i)))
            return NULL;
    reducer_count = (uint32_t)count;
    Py_RETURN_NONE;
}

static PyObject *make_context(const Reducer *reducer, PyObject *sender, PyObject *connection_id, PyObject *timestamp) {
    PyObject *context = reducer->context_class->tp_alloc(reducer->context_class, 0);
    for (uint32_t i = 0; context != NULL && i < reducer->field_count; i++) {
        const Field *field = &reducer->fields[i];
        PyObject *const values[SOURCES] = {field->constant, sender, connection_id, timestamp};
        *slot_of(context, field->place) = Py_NewRef(values[field->source]);
    }
    return context;
}

bool call_directly(uint32_t id, PyObject *sender, PyObject *connection_id, PyObject *timestamp, PyObject *args,
                   PyObject **result) {
    if (id >= reducer_count || reducers[id].function == NULL)
        return false;
    const Reducer *reducer = &reducers[id];
    PyObject *values = PyObject_CallOneArg(reducer->read, args);
    if (values == NULL || !PyTuple_Check(values) || PyTuple_GET_SIZE(values) > MOST_ARGUMENTS) {
        PyErr_Clear();
        Py_XDECREF(values);
        return false;
    }
    PyObject *context = make_context(reducer, sender, connection_id, timestamp);
    *result = NULL;
    if (context != NULL) {
        PyObject *arguments[MOST_ARGUMENTS + 1] = {context};
        size_t count = (size_t)PyTuple_GET_SIZE(values);
        for (size_t i = 0; i < count; i++)
            arguments[i + 1] = PyTuple_GET_ITEM(values, (Py_ssize_t)i);
        *result = PyObject_Vectorcall(reducer->function, arguments, count + 1, NULL);
        PyObject *raised = PyErr_GetRaisedException();
        Py_CLEAR(*slot_of(context, reducer->lost_place));
        PyErr_SetRaisedException(raised);
    }
    Py_XDECREF(context);
    Py_DECREF(values);
    return true;
}
