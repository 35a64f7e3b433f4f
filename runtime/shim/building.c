/* What stdbpy's build calls, and leaves out of the module that it writes: build_*. And __setup__.
 *
 * What a step gives, or why it failed, is a marshalled dict at build_result_address(), of build_result_length() bytes.
 */
#include <Python.h>

#include "abi_levels.h"
#include "allocator.h"
#include "byte_streams.h"
#include "interpreter.h"

#define EXPORT(name) __attribute__((export_name(#name)))

enum { DONE = 0, FAILED = 1, NO_INTERPRETER = 2 };

static PyObject *result;

EXPORT(build_alloc) void *build_alloc(size_t size) { return malloc(size); }

EXPORT(build_free) void build_free(void *block) { free(block); }

EXPORT(build_set_abi_level) void build_set_abi_level(uint32_t level) { abi_level = level; }

EXPORT(build_result_address) const char *build_result_address(void) {
    return result == NULL ? NULL : PyBytes_AS_STRING(result);
}

EXPORT(build_result_length) size_t build_result_length(void) {
    return result == NULL ? 0 : (size_t)PyBytes_GET_SIZE(result);
}

/* Calls a function of _stdbpy_boot with bytes that stay where they are. */
static PyObject *call_boot(PyObject *package, const char *function, const char *bytes, size_t length) {
    PyObject *view = PyMemoryView_FromMemory((char *)(uintptr_t)bytes, (Py_ssize_t)length, PyBUF_READ);
    PyObject *given = view == NULL ? NULL : PyObject_CallMethod(package, function, "O", view);
    Py_XDECREF(view);
    return given;
}

/* What such a function gives, or what is told of its failure, becomes the result. */
static int32_t step(const char *function, const char *bytes, size_t length) {
    PyObject *package = boot_package();
    Py_CLEAR(result);
    if (package == NULL) {
        log_exception(LOG_ERROR);
        return NO_INTERPRETER;
    }
    result = call_boot(package, function, bytes, length);
    if (result != NULL && PyBytes_Check(result))
        return DONE;
    PyObject *error = PyErr_GetRaisedException();
    Py_XSETREF(result, PyObject_CallMethod(package, "failure_of", "O", error));
    Py_XDECREF(error);
    if (result == NULL)
        log_exception(LOG_ERROR);
    return FAILED;
}

extern void _initialize(void); /* C's own start; not for hosts to call, which would do it in each instance */

EXPORT(build_boot) int32_t build_boot(const char *library, size_t length) {
    if (!Py_IsInitialized()) {
        _initialize();
        if (!start_interpreter())
            return NO_INTERPRETER;
    }
    return step("start", library, length);
}

EXPORT(build_compile) int32_t build_compile(const char *sources, size_t length) {
    return step("compile_sources", sources, length);
}

EXPORT(build_load) int32_t build_load(const char *program, size_t length) { return step("load", program, length); }

/* --- a small snapshot ------------------------------------------------------------------------------------------- */

static PyMemAllocatorEx raw;
static void *no_malloc(void *context, size_t size) { return (void)context, (void)size, NULL; }
static void *no_calloc(void *context, size_t count, size_t size) {
    return (void)context, (void)count, (void)size, NULL;
}
static void *no_realloc(void *context, void *block, size_t size) {
    return (void)context, (void)block, (void)size, NULL;
}
static void only_free(void *context, void *block) {
    (void)context;
    raw.free(raw.ctx, block);
}
static void *no_arena(void *context, size_t size) { return (void)context, (void)size, NULL; }

/* Fills the free blocks of Python's own allocator with zeros: takes all there are, size by size, while it cannot get
 * new memory, and gives them back. */
static void zero_free_blocks(void) {
    enum { LARGEST = 512, STEP = 16 };
    PyMemAllocatorEx refusing = {NULL, no_malloc, no_calloc, no_realloc, only_free};
    PyObjectArenaAllocator arenas, no_arenas;
    PyMem_GetAllocator(PYMEM_DOMAIN_RAW, &raw);
    PyObject_GetArenaAllocator(&arenas);
    no_arenas = arenas;
    no_arenas.alloc = no_arena;
    PyMem_SetAllocator(PYMEM_DOMAIN_RAW, &refusing);
    PyObject_SetArenaAllocator(&no_arenas);
    void **taken = NULL;
    for (size_t size = LARGEST; size > 0; size -= STEP) {
        for (void **block; (block = PyObject_Malloc(size)) != NULL; taken = block) {
            memset(block, 0, size);
            *block = taken;
        }
    }
    while (taken != NULL) {
        void **next = *taken;
        *taken = NULL;
        PyObject_Free(taken);
        taken = next;
    }
    PyMem_SetAllocator(PYMEM_DOMAIN_RAW, &raw);
    PyObject_SetArenaAllocator(&arenas);
}

/* The last step before memory is written into the module. */
EXPORT(build_scrub) int32_t build_scrub(void) {
    int32_t code = step("settle", "", 0);
    Py_CLEAR(result);
    zero_free_blocks();
    zero_what_is_free();
    memset(scratch, 0, SCRATCH_SIZE);
    zeroes_on_free = false;
    return code;
}

/* --- sources that are added to a finished runtime --------------------------------------------------------------- */

/* What build_load takes, in memory that a build without a WebAssembly engine adds behind all other. */
static volatile struct {
    const char *program;
    size_t length;
} appended;

EXPORT(build_appended_program) const volatile void *build_appended_program(void) { return &appended; }

/* Imports the appended program, at each start of an instance. */
EXPORT(__setup__) int32_t setup(uint32_t error) {
    PyObject *package = boot_package();
    if (appended.program == NULL || package == NULL)
        return DONE;
    PyObject *loaded = call_boot(package, "load", appended.program, appended.length);
    if (loaded != NULL) {
        Py_DECREF(loaded);
        return DONE;
    }
    PyObject *text = text_of_exception();
    Py_ssize_t length;
    const char *message = text == NULL ? NULL : PyUnicode_AsUTF8AndSize(text, &length);
    if (message != NULL)
        write_sink(error, message, (size_t)length);
    PyErr_Clear();
    return FAILED;
}
