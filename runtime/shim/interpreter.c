#include "interpreter.h"

#include "frozen_boot.h" /* written by the recipe: runtime/boot and what the interpreter needs before it, compiled */
#include "host_imports.h"
#include "module.h"

static void log_text(uint32_t level, const char *text, size_t length) {
    host_console_log(level, NULL, 0, NULL, 0, UINT32_MAX, text, length);
}

static bool succeeded(PyStatus status) {
    if (!PyStatus_Exception(status))
        return true;
    const char *why = status.err_msg != NULL ? status.err_msg : "Python does not start";
    log_text(LOG_ERROR, why, strlen(why));
    return false;
}

/* There is no file system: paths only have to be there, so that nobody looks for them. */
static bool set_paths(PyConfig *config) {
    wchar_t **const folders[] = {&config->home, &config->prefix, &config->base_prefix, &config->exec_prefix,
                                 &config->base_exec_prefix};
    wchar_t **const programs[] = {&config->program_name, &config->executable, &config->base_executable};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (!succeeded(PyConfig_SetString(config, folders[i], L"/")))
            return false;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (!succeeded(PyConfig_SetString(config, programs[i], L"/python")))
            return false;
    return true;
}

bool start_interpreter(void) {
    PyImport_FrozenModules = boot_frozen_modules;
    PyImport_AppendInittab("_spacetimedb", init_spacetimedb);

    PyPreConfig before;
    PyPreConfig_InitIsolatedConfig(&before);
    before.utf8_mode = 1;
    if (!succeeded(Py_PreInitialize(&before)))
        return false;

    PyConfig config;
    PyConfig_InitIsolatedConfig(&config);
    config.site_import = 0;
    config.install_signal_handlers = 0;
    config.write_bytecode = 0;
    config.pathconfig_warnings = 0;
    config.module_search_paths_set = 1;
    config.parse_argv = 0;
    config.use_hash_seed = 1; /* sets have the same order in all instances, and in all builds */
    config.hash_seed = 0;
    bool started = set_paths(&config) && succeeded(PyConfig_SetString(&config, &config.stdio_encoding, L"utf-8")) &&
                   succeeded(PyConfig_SetString(&config, &config.stdio_errors, L"replace")) &&
                   succeeded(Py_InitializeFromConfig(&config));
    PyConfig_Clear(&config);
    return started;
}

PyObject *boot_package(void) {
    static PyObject *package;
    if (package == NULL)
        package = PyImport_ImportModule("_stdbpy_boot");
    return package;
}

PyObject *text_of_exception(void) {
    PyObject *error = PyErr_GetRaisedException();
    PyObject *package = boot_package();
    PyObject *text = package == NULL ? NULL : PyObject_CallMethod(package, "traceback_of", "O", error);
    if (text == NULL) {
        PyErr_Clear();
        text = PyUnicode_FromString(Py_TYPE(error)->tp_name);
    }
    Py_DECREF(error);
    return text;
}

void log_exception(uint32_t level) {
    PyObject *text = text_of_exception();
    Py_ssize_t length;
    const char *utf8 = text == NULL ? NULL : PyUnicode_AsUTF8AndSize(text, &length);
    if (utf8 == NULL)
        log_text(level, "out of memory", strlen("out of memory"));
    else
        log_text(level, utf8, (size_t)length);
    PyErr_Clear();
    Py_XDECREF(text);
}
