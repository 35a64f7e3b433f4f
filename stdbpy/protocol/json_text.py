"""JSON text from a peer: parsed so that whatever is wrong with it is a ``DecodeError``."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from stdbpy.errors import DecodeError


def parse_json(text: str, what: str) -> Any:
    """The value of ``text``; ``what`` begins the sentence of the error.

    Raises ``DecodeError`` for what is no JSON, and for what no parser here takes: nesting that is too
    deep, numbers with thousands of digits, ``NaN`` and its like.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise DecodeError(f"{what} is nested too deeply") from None
    except ValueError as error:
        raise DecodeError(f"{what} is not JSON: {error}") from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
