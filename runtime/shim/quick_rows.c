#include "quick_rows.h"

#include "arguments.h"
#include "slots.h"

enum { MOST_COLUMNS = 64 };

typedef struct {
    PyObject *names;    /* a tuple of interned texts */
    PyObject *defaults; /* a tuple: None, or a tuple of one */
    uint32_t places[];
} QuickRow;

static PyObject *quick_rows; /* class → capsule of a QuickRow; classes live as long as the program */

static const char capsule_name[] = "_spacetimedb.QuickRow";

static const QuickRow *quick_row_of(PyObject *class) {
    PyObject *capsule = PyDict_GetItemWithError(quick_rows, class);
    return capsule == NULL ? NULL : PyCapsule_GetPointer(capsule, capsule_name);
}

static Py_ssize_t place_of(PyObject *names, PyObject *name) {
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(names); i++)
        if (PyTuple_GET_ITEM(names, i) == name)
            return i;
    return -1;
}

/* Arranges arguments by column; false if they are not as simple as they mostly are. */
static bool arrange(const QuickRow *row, PyObject *const *arguments, Py_ssize_t positional, PyObject *keywords,
                    PyObject **values) {
    Py_ssize_t columns = PyTuple_GET_SIZE(row->names);
    if (positional > columns)
        return false;
    for (Py_ssize_t i = 0; i < columns; i++)
        values[i] = i < positional ? arguments[i] : NULL;
    for (Py_ssize_t i = 0; keywords != NULL && i < PyTuple_GET_SIZE(keywords); i++) {
        Py_ssize_t place = place_of(row->names, PyTuple_GET_ITEM(keywords, i));
        if (place < 0 || values[place] != NULL)
            return false;
        values[place] = arguments[positional + i];
    }
    for (Py_ssize_t i = 0; i < columns; i++) {
        PyObject *otherwise = PyTuple_GET_ITEM(row->defaults, i);
        if (values[i] == NULL && otherwise == Py_None)
            return false;
        if (values[i] == NULL)
            values[i] = PyTuple_GET_ITEM(otherwise, 0);
    }
    return true;
}

/* As type.__call__ does it: with the __init__ of the class, which also says what is wrong with the arguments. */
static PyObject *call_slowly(PyObject *class, PyObject *const *arguments, Py_ssize_t positional, PyObject *keywords) {
    PyObject *given = PyTuple_New(positional);
    PyObject *named = given == NULL || keywords == NULL ? NULL : PyDict_New();
    bool complete = given != NULL && (keywords == NULL || named != NULL);
    for (Py_ssize_t i = 0; complete && i < positional; i++)
        PyTuple_SET_ITEM(given, i, Py_NewRef(arguments[i]));
    for (Py_ssize_t i = 0; complete && named != NULL && i < PyTuple_GET_SIZE(keywords); i++)
        complete = PyDict_SetItem(named, PyTuple_GET_ITEM(keywords, i), arguments[positional + i]) == 0;
    PyObject *made = complete ? PyType_Type.tp_call(class, given, named) : NULL;
    Py_XDECREF(given);
    Py_XDECREF(named);
    return made;
}

static PyObject *make_row(PyObject *class, PyObject *const *arguments, size_t flagged_count, PyObject *keywords) {
    Py_ssize_t positional = PyVectorcall_NARGS(flagged_count);
    const QuickRow *row = quick_row_of(class);
    PyObject *values[MOST_COLUMNS];
    if (row == NULL || !arrange(row, arguments, positional, keywords, values))
        return PyErr_Occurred() ? NULL : call_slowly(class, arguments, positional, keywords);
    PyTypeObject *type = (PyTypeObject *)class;
    PyObject *made = type->tp_alloc(type, 0);
    for (Py_ssize_t i = 0; made != NULL && i < PyTuple_GET_SIZE(row->names); i++)
        *slot_of(made, row->places[i]) = Py_NewRef(values[i]);
    return made;
}

PyObject *make_quick(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count) {
    if (!has_count("make_quick", count, 3))
        return NULL;
    PyObject *class = arguments[0], *names = arguments[1], *defaults = arguments[2];
    if (!PyType_Check(class) || !PyTuple_Check(names) || !PyTuple_Check(defaults) ||
        PyTuple_GET_SIZE(names) != PyTuple_GET_SIZE(defaults)) {
        PyErr_SetString(PyExc_TypeError, "make_quick takes a class and two tuples of the same length");
        return NULL;
    }
    if (quick_rows == NULL && (quick_rows = PyDict_New()) == NULL)
        return NULL;
    Py_ssize_t columns = PyTuple_GET_SIZE(names);
    QuickRow *row = PyMem_Malloc(sizeof *row + (size_t)columns * sizeof row->places[0]);
    bool fits = row != NULL && columns <= MOST_COLUMNS;
    for (Py_ssize_t i = 0; fits && i < columns; i++)
        fits = find_slot((PyTypeObject *)class, PyTuple_GET_ITEM(names, i), &row->places[i]);
    if (!fits) {
        PyMem_Free(row);
        Py_RETURN_NONE;
    }
    row->names = Py_NewRef(names);
    row->defaults = Py_NewRef(defaults);
    PyObject *capsule = PyCapsule_New(row, capsule_name, NULL);
    int kept = capsule == NULL ? -1 : PyDict_SetItem(quick_rows, class, capsule);
    Py_XDECREF(capsule);
    if (kept < 0)
        return NULL;
    ((PyTypeObject *)class)->tp_vectorcall = make_row;
    Py_RETURN_NONE;
}
