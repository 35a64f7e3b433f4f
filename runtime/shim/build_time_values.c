#include "build_time_values.h"

static PyObject *listener;

void tell_of_use(const char *of) {
    if (listener == NULL)
        return;
    PyObject *called = listener;
    listener = NULL;
    PyGILState_STATE state = PyGILState_Ensure(); /* some callers have let go of it */
    PyObject *raised = PyErr_GetRaisedException();
    Py_XDECREF(PyObject_CallFunction(called, "s", of));
    PyErr_Clear();
    PyErr_SetRaisedException(raised);
    PyGILState_Release(state);
    listener = called;
}

PyObject *tell_of_uses(PyObject *Py_UNUSED(module), PyObject *callable) {
    Py_XSETREF(listener, callable == Py_None ? NULL : Py_NewRef(callable));
    Py_RETURN_NONE;
}
