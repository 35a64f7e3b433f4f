/* Waiting for other threads, of which there are none: the functions of CPython's Python/parking_lot.c, in its place.
 *
 * All locks and queues come by here when they would wait. With a timeout it passes, as far as the clock of timeouts
 * tells; without one the wait would have no end, which is a RuntimeError.
 */
#include <Python.h>
#include <stdbool.h>

#include "wasi_state.h"

/* Include/internal/pycore_parking_lot.h */
enum { PARK_AGAIN = -1, PARK_TIMEOUT = -2, PARK_INTERRUPTED = -3 };
typedef void UnparkFunction(void *argument, void *waiter, int has_more_waiters);

static int raise_deadlock(void *Py_UNUSED(nothing)) {
    PyErr_SetString(PyExc_RuntimeError,
                    "nobody would end this wait: there are no other threads in a SpacetimeDB module");
    return -1;
}

int _PyParkingLot_Park(const void *address, const void *expected, size_t size, PyTime_t timeout,
                       void *Py_UNUSED(waiter), int Py_UNUSED(detach)) {
    if (memcmp(address, expected, size) != 0)
        return PARK_AGAIN;
    if (timeout >= 0) {
        pass_time((uint64_t)timeout);
        return PARK_TIMEOUT;
    }
    /* Who is interrupted runs pending calls, and ends with their exception. */
    if (Py_AddPendingCall(raise_deadlock, NULL) < 0)
        __builtin_trap();
    return PARK_INTERRUPTED;
}

void _PyParkingLot_Unpark(const void *Py_UNUSED(address), UnparkFunction *unpark, void *argument) {
    unpark(argument, NULL, 0);
}

void _PyParkingLot_UnparkAll(const void *Py_UNUSED(address)) {}

void _PyParkingLot_AfterFork(void) {}

/* Semaphores are for what CPython itself does with several threads. */

void _PySemaphore_Init(void *Py_UNUSED(semaphore)) {}

void _PySemaphore_Destroy(void *Py_UNUSED(semaphore)) {}

int _PySemaphore_Wait(void *Py_UNUSED(semaphore), PyTime_t Py_UNUSED(timeout), int Py_UNUSED(detach)) {
    __builtin_trap();
}

void _PySemaphore_Wakeup(void *Py_UNUSED(semaphore)) {}
