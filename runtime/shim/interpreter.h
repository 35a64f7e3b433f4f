/* The interpreter: how it starts, and how it tells what went wrong. */
#ifndef STDBPY_INTERPRETER_H
#define STDBPY_INTERPRETER_H

#include <Python.h>
#include <stdbool.h>

enum { LOG_ERROR = 0, LOG_PANIC = 101 };

/* To be called once. False if it cannot, which the log tells. */
bool start_interpreter(void);

/* The frozen package _stdbpy_boot, borrowed; NULL with an exception if it cannot be imported. */
PyObject *boot_package(void);

/* The exception that is raised, with its traceback, as text; clears it. NULL, with another, if there is no memory. */
PyObject *text_of_exception(void);

/* Writes the exception that is raised to the host's log, with its traceback, and clears it. */
void log_exception(uint32_t level);

#endif
