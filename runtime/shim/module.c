/* _spacetimedb: the module itself, and what has nothing to do with tables. See stdbpy.module.host.Host. */
#include "module.h"

#include "abi_levels.h"
#include "arguments.h"
#include "build_time_values.h"
#include "byte_streams.h"
#include "calls.h"
#include "codec.h"
#include "entry.h"
#include "host_calls.h"
#include "host_errors.h"
#include "host_imports.h"
#include "quick_rows.h"
#include "reducer_calls.h"
#include "scan_iterator.h"
#include "wasi_state.h"

enum { IDENTITY_BYTES = 32, CONNECTION_ID_BYTES = 16 };

static PyObject *get_abi_level(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none)) {
    return PyLong_FromUnsignedLong(abi_level);
}

/* set_clock(micros): what time.time() tells from now on, in microseconds since 1970. */
static PyObject *set_clock(PyObject *Py_UNUSED(module), PyObject *argument) {
    uint64_t micros = PyLong_AsUnsignedLongLong(argument);
    if (micros == (uint64_t)-1 && PyErr_Occurred())
        return NULL;
    clock_nanoseconds = micros * 1000;
    Py_RETURN_NONE;
}

/* seed_random(seed): os.urandom follows from these 64 bits. */
static PyObject *seed_random(PyObject *Py_UNUSED(module), PyObject *argument) {
    uint64_t seed = PyLong_AsUnsignedLongLongMask(argument);
    if (seed == (uint64_t)-1 && PyErr_Occurred())
        return NULL;
    seed_random_bytes(seed);
    Py_RETURN_NONE;
}

static bool as_optional_text(PyObject *object, Slice *slice) {
    *slice = (Slice){NULL, 0};
    return object == Py_None || as_text(object, slice);
}

/* console_log(level, target | None, filename | None, line | None, message) */
static PyObject *console_log(PyObject *Py_UNUSED(module), PyObject *const *arguments, Py_ssize_t count) {
    uint32_t level, line = UINT32_MAX;
    Slice target, file, message;
    if (!has_count("console_log", count, 5) || !as_u32(arguments[0], &level) ||
        !as_optional_text(arguments[1], &target) || !as_optional_text(arguments[2], &file) ||
        (arguments[3] != Py_None && !as_u32(arguments[3], &line)) || !as_text(arguments[4], &message))
        return NULL;
    host_console_log(level, (const char *)target.bytes, target.length, (const char *)file.bytes, file.length, line,
                     (const char *)message.bytes, message.length);
    Py_RETURN_NONE;
}

static PyObject *identity(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none)) {
    uint8_t bytes[IDENTITY_BYTES];
    host_identity(bytes);
    return PyBytes_FromStringAndSize((const char *)bytes, IDENTITY_BYTES);
}

static PyObject *get_jwt(PyObject *Py_UNUSED(module), PyObject *argument) {
    Slice connection_id;
    uint32_t source = 0;
    if (!abi_level_is_at_least(2, "get_jwt") || !as_slice(argument, &connection_id))
        return NULL;
    if (connection_id.length != CONNECTION_ID_BYTES) {
        PyErr_SetString(PyExc_ValueError, "a connection's id has 16 bytes");
        return NULL;
    }
    int32_t result = abi_get_jwt(connection_id.bytes, &source);
    if (failed(result))
        return raise_host_error(result, "get_jwt");
    return source == 0 ? Py_NewRef(Py_None) : read_source(source);
}

static PyObject *env_get(PyObject *Py_UNUSED(module), PyObject *argument) {
    Slice key;
    uint32_t source = 0;
    if (!abi_level_is_at_least(6, "env_get") || !as_text(argument, &key))
        return NULL;
    int32_t result = abi_env_get((const char *)key.bytes, key.length, &source);
    if (failed(result))
        return raise_host_error(result, "env_get");
    return source == 0 ? Py_NewRef(Py_None) : read_source_as_text(source);
}

/* trap(): ends the call, and this instance with it; the guest has logged why. */
_Noreturn static PyObject *trap(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(none)) {
    end_call();
    __builtin_trap();
}

static PyMethodDef own_methods[] = {
    {"set_entry", set_entry, METH_O, NULL},
    {"set_classes", (PyCFunction)(void (*)(void))set_classes, METH_FASTCALL, NULL},
    {"set_reducers", set_reducers, METH_O, NULL},
    {"make_quick", (PyCFunction)(void (*)(void))make_quick, METH_FASTCALL, NULL},
    {"set_error_class", set_error_class, METH_O, NULL},
    {"set_clock", set_clock, METH_O, NULL},
    {"seed_random", seed_random, METH_O, NULL},
    {"tell_of_uses", tell_of_uses, METH_O, NULL},
    {"abi_level", get_abi_level, METH_NOARGS, NULL},
    {"console_log", (PyCFunction)(void (*)(void))console_log, METH_FASTCALL, NULL},
    {"identity", identity, METH_NOARGS, NULL},
    {"get_jwt", get_jwt, METH_O, NULL},
    {"env_get", env_get, METH_O, NULL},
    {"trap", trap, METH_NOARGS, NULL},
    {"flush_at_end", flush_at_end, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "_spacetimedb", .m_size = -1,
                                        .m_methods = own_methods};

PyObject *init_spacetimedb(void) {
    PyObject *module = PyModule_Create(&definition);
    /* The class of capsules is part of Python, and no module that is always there has one to take it from. */
    if (module == NULL || PyModule_AddObjectRef(module, "CapsuleType", (PyObject *)&PyCapsule_Type) < 0 ||
        !ready_scan_iterator() || !add_codec_type(module) || PyModule_AddFunctions(module, table_methods) < 0 ||
        PyModule_AddFunctions(module, procedure_methods) < 0) {
        Py_XDECREF(module);
        return NULL;
    }
    return module;
}
