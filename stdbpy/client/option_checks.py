"""What the options of connections may be."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from ssl import SSLContext
from typing import Any, NamedTuple

from stdbpy.errors import UsageError, nearest
from stdbpy.protocol.options import ReconnectPolicy


class _Allowed(NamedTuple):
    fits: Callable[[Any], bool]
    described: str
    names: tuple[str, ...] = ()
    """Texts that it may be."""


def _of(*kinds: type, described: str) -> _Allowed:
    return _Allowed(lambda value: isinstance(value, kinds), described)


def _one_of(*names: str) -> _Allowed:
    quoted = [repr(name) for name in names]
    described = f"{', '.join(quoted[:-1])} or {quoted[-1]}"
    return _Allowed(lambda value: isinstance(value, str) and value in names, described, names)


def _or(allowed: _Allowed, value: object) -> _Allowed:
    return _Allowed(
        lambda given: given is value or allowed.fits(given), f"{allowed.described}, or {value}", allowed.names
    )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def _is_size(value: object) -> bool:
    return isinstance(value, int) and _is_number(value)


def _is_list_of_names(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(name, str) for name in value)


def _is_token_store(value: object) -> bool:
    return not isinstance(value, type) and all(
        callable(getattr(value, name, None)) for name in ("load", "save", "forget")
    )


_BOOL = _of(bool, described="True or False")
_TEXT = _or(_of(str, described="a str"), None)
_SECONDS = _Allowed(_is_number, "a number of seconds above 0")

_ALLOWED: Mapping[str, _Allowed] = {
    "token": _TEXT,
    "keep_token": _Allowed(
        lambda value: isinstance(value, bool) or value == "keyring" or _is_token_store(value),
        "True, False, 'keyring' or a TokenStore, such as FileTokens('folder')",
        ("keyring",),
    ),
    "compression": _one_of("none", "gzip", "brotli"),
    "light": _BOOL,
    "confirmed": _or(_BOOL, None),
    "reconnect": _or(_of(ReconnectPolicy, described="a ReconnectPolicy, such as ReconnectPolicy(attempts=5)"), None),
    "session_id": _TEXT,
    "protocols": _Allowed(_is_list_of_names, "a list of names, such as ['v2.bsatn']"),
    "check_schema": _BOOL,
    "connect_timeout": _SECONDS,
    "call_timeout": _or(_SECONDS, None),
    "ping_interval": _SECONDS,
    "ping_timeout": _SECONDS,
    "max_message_size": _Allowed(_is_size, "a number of bytes above 0, as an int"),
    "ssl": _or(_of(SSLContext, described="an ssl.SSLContext, such as ssl.create_default_context()"), None),
    "library": _or(_one_of("picows", "websockets"), None),
    "delivery": _one_of("thread", "tick"),
}


def check_values(options: Mapping[str, Any]) -> None:
    """Raises :class:`UsageError` for the first option that is not what it may be. The names are known ones."""
    for name, value in options.items():
        allowed = _ALLOWED[name]
        if not allowed.fits(value):
            near = nearest(value, allowed.names) if isinstance(value, str) else ""
            shown = "another" if name == "token" else repr(value)
            raise UsageError(f"the option {name!r} is {allowed.described}, not {shown}", hint=near)
