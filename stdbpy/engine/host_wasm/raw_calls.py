"""Calls into and out of WebAssembly without what makes those of wasmtime's Python classes slow.

``wasmtime.Func`` asks for the type of a function at each call and makes an object of each value. This goes through
functions of wasmtime's C API that take all values of a call as one array (``wasmtime_func_new_unchecked``,
``wasmtime_func_call_unchecked``), of types that were checked once.

What a host function raises ends the guest's call and comes out of :meth:`GuestFunction.call`. (``wasmtime.Func`` hands
it over in a variable that all threads share.)
"""

from __future__ import annotations

from collections.abc import Callable
from ctypes import CFUNCTYPE, POINTER, byref, c_size_t, c_uint32, c_void_p, cast, create_string_buffer
from functools import cache
from struct import Struct
from typing import Any

import wasmtime
from wasmtime import _ffi as ffi
from wasmtime._extern import wrap_extern

_SLOT = 16
"""Bytes of a value in an array of them."""

_CALLBACK = CFUNCTYPE(c_size_t, c_void_p, c_void_p, POINTER(c_uint32), c_size_t)
_NO_FINALIZER = CFUNCTYPE(None, c_void_p)()
_WORDS = _SLOT // 4
_RESULT = Struct("<i")

HostFunction = Callable[..., int | None]
"""Takes each 32-bit parameter as a number without a sign, and gives the result, if it has one. A 64-bit parameter
is two, the low half first; a 64-bit result is any number of that size."""


class Failure:
    """What a host function of one instance has raised during the running call."""

    __slots__ = ("error",)

    def __init__(self) -> None:
        self.error: BaseException | None = None


def host_function(
    store: wasmtime.Store, type: wasmtime.FuncType, letters: str, function: HostFunction, failure: Failure
) -> tuple[wasmtime.Func, object]:
    """``function`` as an import; and what has to be kept for as long as it can be called."""
    parameters, results = letters.split(":")
    words = [word for place, letter in enumerate(parameters) for word in _words(place, letter)]
    is_even = "I" not in parameters
    count = len(parameters) * _WORDS

    def call(_env: int, _caller: int, values: Any, _count: int) -> int:
        try:
            if not count:
                result = function()
            elif is_even:
                result = function(*values[0:count:_WORDS])
            else:
                result = function(*[values[word] for word in words])
        except BaseException as error:  # noqa: BLE001 - it comes out where the guest was called
            failure.error = error
            return _trap()
        if results:
            values[0] = result
            if results == "I":
                assert result is not None
                values[1] = result >> 32
        return 0

    callback = _CALLBACK(call)
    made = ffi.wasmtime_func_t()
    pointer = cast(callback, ffi.wasmtime_func_unchecked_callback_t)
    ffi.wasmtime_func_new_unchecked(store._context(), type.ptr(), pointer, None, _NO_FINALIZER, byref(made))  # noqa: SLF001
    return wasmtime.Func._from_raw(made), callback  # noqa: SLF001


def _words(place: int, letter: str) -> tuple[int, ...]:
    first = place * _WORDS
    return (first, first + 1) if letter == "I" else (first,)


_MESSAGE = b"the host ended the call"


def _trap() -> int:
    trap = ffi.wasmtime_trap_new(create_string_buffer(_MESSAGE), len(_MESSAGE))
    return cast(trap, c_void_p).value or 0


_NoTrap = POINTER(ffi.wasm_trap_t)


@cache
def _struct(parameters: str) -> Struct:
    return Struct("<" + "".join("Q8x" if letter == "I" else "I12x" for letter in parameters))


def exported(store: wasmtime.Store, instance: wasmtime.Instance, name: str) -> object:
    """What an instance exports under a name, or ``None``. (``wasmtime.Instance`` looks up all names at once.)"""
    found, encoded = ffi.wasmtime_extern_t(), name.encode()
    context = store._context()  # noqa: SLF001
    buffer = create_string_buffer(encoded)
    if ffi.wasmtime_instance_export_get(context, byref(instance._instance), buffer, len(encoded), byref(found)):  # noqa: SLF001
        return wrap_extern(found)
    return None


class GuestFunction:
    """An exported function, which is called with numbers; 32-bit and 64-bit ones have no sign."""

    __slots__ = ("_arguments", "_array", "_context", "_count", "_failure", "_func", "_has_result", "_pointer", "_trap")

    def __init__(self, store: wasmtime.Store, function: wasmtime.Func, letters: str, failure: Failure) -> None:
        parameters, results = letters.split(":")
        self._context = store._context()  # noqa: SLF001
        self._trap = _NoTrap()
        self._failure = failure
        self._has_result = bool(results)
        self._count = max(len(parameters), len(results))
        self._array = create_string_buffer(self._count * _SLOT)
        self._arguments = _struct(parameters)
        self._pointer = cast(self._array, POINTER(ffi.wasmtime_val_raw_t))
        self._func = byref(function._func)  # noqa: SLF001

    def call(self, *arguments: int) -> int:
        """The result, a number with a sign; 0 if there is none.

        Raises what a host function raised, ``wasmtime.Trap`` and ``wasmtime.WasmtimeError``.
        """
        self._arguments.pack_into(self._array, 0, *arguments)
        trap = self._trap
        self._failure.error = None
        error = ffi.wasmtime_func_call_unchecked(self._context, self._func, self._pointer, self._count, byref(trap))
        if error or trap:
            self._trap = _NoTrap()
            self._raise(error, trap)
        result: int = _RESULT.unpack_from(self._array)[0] if self._has_result else 0
        return result

    def _raise(self, error: Any, trap: Any) -> None:
        ended = wasmtime.WasmtimeError._from_ptr(error) if error else wasmtime.Trap._from_ptr(trap)  # noqa: SLF001
        raised, self._failure.error = self._failure.error, None
        if raised is not None:
            raise raised from ended
        raise ended
