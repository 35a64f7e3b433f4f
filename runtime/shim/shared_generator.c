#include "shared_generator.h"

#include <Python.h>
#include <stdbool.h>

enum { RANDOM, INSTANCE, SEED, GAUSS_NEXT, NAMES };

static const char *const texts[NAMES] = {"random", "_inst", "seed", "gauss_next"};
static PyObject *names[NAMES];

static bool make_names(void) {
    for (int i = 0; i < NAMES; i++)
        if (names[i] == NULL && (names[i] = PyUnicode_InternFromString(texts[i])) == NULL)
            return false;
    return true;
}

/* The class written in C, whose method takes a number without asking what it is. */
static PyTypeObject *class_in_c(PyObject *generator) {
    PyTypeObject *class = Py_TYPE(generator);
    while (class->tp_base != NULL && class->tp_base != &PyBaseObject_Type)
        class = class->tp_base;
    return class;
}

static void seed_generator(PyObject *generator, uint64_t seed) {
    PyObject *method = PyObject_GetAttr((PyObject *)class_in_c(generator), names[SEED]);
    PyObject *number = method == NULL ? NULL : PyLong_FromUnsignedLongLong(seed);
    PyObject *seeded = number == NULL ? NULL : PyObject_CallFunctionObjArgs(method, generator, number, NULL);
    if (seeded != NULL)
        PyObject_SetAttr(generator, names[GAUSS_NEXT], Py_None); /* the second one of a pair, of random.gauss */
    Py_XDECREF(seeded);
    Py_XDECREF(number);
    Py_XDECREF(method);
}

void seed_shared_generator(uint64_t seed) {
    if (!make_names())
        return;
    PyObject *random = PyDict_GetItemWithError(PyImport_GetModuleDict(), names[RANDOM]);
    PyObject *generator = random == NULL ? NULL : PyObject_GetAttr(random, names[INSTANCE]);
    if (generator != NULL)
        seed_generator(generator, seed);
    Py_XDECREF(generator);
    PyErr_Clear(); /* a module of that name which is not Python's */
}
