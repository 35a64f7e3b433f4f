#include "slots.h"

bool find_slot(PyTypeObject *class, PyObject *name, uint32_t *place) {
    PyObject *member = PyObject_GetAttr((PyObject *)class, name);
    PyErr_Clear();
    if (member == NULL)
        return false;
    bool found = false;
    if (Py_IS_TYPE(member, &PyMemberDescr_Type) && PyType_IsSubtype(class, PyDescr_TYPE(member))) {
        PyMemberDef *definition = ((PyMemberDescrObject *)member)->d_member;
        found = definition->type == Py_T_OBJECT_EX && !(definition->flags & (Py_READONLY | Py_RELATIVE_OFFSET));
        *place = (uint32_t)definition->offset;
    }
    Py_DECREF(member);
    return found;
}
