"""What codecs raise for values and bytes that do not fit, before :mod:`stdbpy.sats.bsatn_checking` says why; and the
limits that they hold."""

from __future__ import annotations

import struct

DEPTH_LIMIT = 200
"""How many values of recursive types may be inside each other. Reading and writing stop there with
an error, long before Python's own recursion limit."""

ZERO_SIZE_LIMIT = 1024
"""How long an array of elements without bytes (units) may be: no data stands behind its length."""


class Bad(Exception):
    """Raised by the functions of codecs that see bytes or a value that do not fit. It never leaves this
    room: callers get the DecodeError or EncodeError that says what is wrong."""


WRITING_FAILURES = (
    struct.error,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    Bad,
    RecursionError,
)
"""What a writing function raises for a value that does not fit."""

READING_FAILURES = (struct.error, ValueError, LookupError, TypeError, Bad, RecursionError)
"""What a reading function raises for bad bytes."""
