#include "codec_plan.h"

#include "slots.h"

static bool read_node(Node *node, PyObject *told);

static bool read_nodes(Node **nodes, uint32_t *count, PyObject *told) {
    Py_ssize_t length = PyTuple_GET_SIZE(told);
    *nodes = PyMem_Calloc((size_t)length + 1, sizeof(Node));
    if (*nodes == NULL) {
        PyErr_NoMemory();
        return false;
    }
    *count = (uint32_t)length;
    for (Py_ssize_t i = 0; i < length; i++)
        if (!read_node(&(*nodes)[i], PyTuple_GET_ITEM(told, i)))
            return false;
    return true;
}

/* Where instances of a class keep what __slots__ names; NULL, without an exception, if not all are kept so. */
static uint32_t *places_of(PyObject *class, PyObject *names) {
    PyTypeObject *type = (PyTypeObject *)class;
    Py_ssize_t count = PyTuple_GET_SIZE(names);
    if (type->tp_getattro != PyObject_GenericGetAttr)
        return NULL;
    uint32_t *places = PyMem_Malloc((size_t)(count + 1) * sizeof *places);
    for (Py_ssize_t i = 0; places != NULL && i < count; i++) {
        if (!find_slot(type, PyTuple_GET_ITEM(names, i), &places[i])) {
            PyMem_Free(places);
            places = NULL;
        }
    }
    return places;
}

/* Tuples begin with the kind; see stdbpy.sats.bsatn_builtin for what follows. */
static bool read_node(Node *node, PyObject *told) {
    PyObject *kind, *size, *parts, *class, *other, *names, *units, *flag;
    if (!PyArg_ParseTuple(told, "OOO!OOO!O!O", &kind, &size, &PyTuple_Type, &parts, &class, &other, &PyTuple_Type,
                          &names, &PyTuple_Type, &units, &flag))
        return false;
    node->kind = (uint8_t)PyLong_AsLong(kind);
    node->size = (uint32_t)PyLong_AsUnsignedLong(size);
    node->is_signed = node->is_plain = flag == Py_True;
    if (PyErr_Occurred())
        return false;
    node->class = class == Py_None ? NULL : Py_NewRef(class);
    node->other = other == Py_None ? NULL : Py_NewRef(other);
    node->names = Py_NewRef(names);
    node->units = Py_NewRef(units);
    if (node->kind >= KINDS) {
        PyErr_SetString(PyExc_ValueError, "a codec knows no type of that kind");
        return false;
    }
    if (node->kind == RECORD) {
        node->places = places_of(class, names);
        node->is_plain = node->is_plain && node->places != NULL;
    }
    return read_nodes(&node->parts, &node->count, parts);
}

bool read_plan(Plan *plan, PyObject *root, PyObject *called, PyObject *parts) {
    if (!PyTuple_Check(root) || !PyTuple_Check(called)) {
        PyErr_SetString(PyExc_TypeError, "a codec is made of tuples");
        return false;
    }
    PyObject *bad, *as_bytes, *as_sequence, *elements_of, *uuid_from_int;
    if (!PyArg_ParseTuple(parts, "OOOOOII", &bad, &as_bytes, &as_sequence, &elements_of, &uuid_from_int,
                          &plan->depth_limit, &plan->empty_limit))
        return false;
    plan->bad = Py_NewRef(bad);
    plan->as_bytes = Py_NewRef(as_bytes);
    plan->as_sequence = Py_NewRef(as_sequence);
    plan->elements_of = Py_NewRef(elements_of);
    plan->uuid_from_int = Py_NewRef(uuid_from_int);
    return read_node(&plan->root, root) && read_nodes(&plan->called, &plan->called_count, called);
}

static void free_parts(Node *parts, uint32_t count);

static void free_node(Node *node) {
    Py_XDECREF(node->class);
    Py_XDECREF(node->other);
    Py_XDECREF(node->names);
    Py_XDECREF(node->units);
    PyMem_Free(node->places);
    free_parts(node->parts, node->count);
}

static void free_parts(Node *parts, uint32_t count) {
    for (uint32_t i = 0; parts != NULL && i < count; i++)
        free_node(&parts[i]);
    PyMem_Free(parts);
}

void free_plan(Plan *plan) {
    free_node(&plan->root);
    free_parts(plan->called, plan->called_count);
    Py_XDECREF(plan->bad);
    Py_XDECREF(plan->as_bytes);
    Py_XDECREF(plan->as_sequence);
    Py_XDECREF(plan->elements_of);
    Py_XDECREF(plan->uuid_from_int);
}

bool raise_bad(const Plan *plan) {
    PyErr_SetNone(plan->bad);
    return false;
}
