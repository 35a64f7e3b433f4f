"""The queries of the routes that take a program, read and checked as the real server does."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, TypeVar

from stdbpy.engine import Agreement
from stdbpy.engine.names import as_identity, check_name
from stdbpy.errors import InvalidName
from stdbpy.server.refusal import BAD_REQUEST, RefusalError, refuse, refuse_for

Query = Mapping[str, str]

MOST_REPLICAS = 255

_UNREADABLE = "The query cannot be read: "
_TOKEN = re.compile(r"0x[0-9a-fA-F]{1,64}")
_DURATION = re.compile(r"(\s*\d+\s*[a-zA-Zµ]+)+\s*")


class HostType(enum.Enum):
    """What the program is written for; a packed Python project goes as ``Wasm``, which is the default."""

    WASM = "Wasm"
    JS = "Js"


class TextStyle(enum.Enum):
    """How the text of a plan is written."""

    ANSI_COLOR = "AnsiColor"
    NO_COLOR = "NoColor"


class _Policy(enum.Enum):
    COMPATIBLE = "Compatible"
    BREAK_CLIENTS = "BreakClients"


@dataclass(frozen=True, slots=True)
class ResetQuery:
    host_type: HostType
    num_replicas: int | None

    @classmethod
    def read(cls, query: Query) -> Self:
        return cls(_choice(query, "host_type", HostType, HostType.WASM), _number(query, "num_replicas"))

    def expect_possible_replicas(self) -> None:
        """Refuses a number that no server has; any other means the one that this server is."""
        if self.num_replicas is not None and self.num_replicas > MOST_REPLICAS:
            raise refuse(BAD_REQUEST, f"Replication factor {self.num_replicas} out of bounds")


@dataclass(frozen=True, slots=True)
class PlanQuery:
    host_type: HostType
    style: TextStyle

    @classmethod
    def read(cls, query: Query) -> Self:
        # The official program says `pretty_print_style`, which its own server does not look at.
        style = "style" if "style" in query else "pretty_print_style"
        return cls(
            _choice(query, "host_type", HostType, HostType.WASM),
            _choice(query, style, TextStyle, TextStyle.ANSI_COLOR),
        )


@dataclass(frozen=True, slots=True)
class PublishQuery:
    reset: ResetQuery
    clear: bool
    parent: str | None
    organization: str | None
    policy: _Policy
    token: bytes | None
    """Of the plan that is agreed to."""

    @classmethod
    def read(cls, query: Query) -> Self:
        _expect_duration(query, "update_confirmation_timeout")
        if "organization" in query and "org" in query:
            raise _unreadable("organization and org are the same")
        return cls(
            ResetQuery.read(query),
            _flag(query, "clear"),
            _name_or_identity(query, "parent"),
            _name_or_identity(query, "organization") or _name_or_identity(query, "org"),
            _choice(query, "policy", _Policy, _Policy.COMPATIBLE),
            _token(query, "token"),
        )

    def agreement(self) -> Agreement:
        """What an update may do. Refuses breaking clients without the token of a plan that says so."""
        if self.policy is _Policy.COMPATIBLE:
            return Agreement(break_clients=False)
        if self.token is None:
            raise refuse(BAD_REQUEST, "The policy `BreakClients` needs the token of the plan (pre_publish gives it)")
        return Agreement(token=self.token)


_Choice = TypeVar("_Choice", HostType, TextStyle, _Policy)


def _choice(query: Query, name: str, choices: type[_Choice], default: _Choice) -> _Choice:
    if name not in query:
        return default
    try:
        return choices(query[name])
    except ValueError:
        raise _unreadable(f"{name} is {' or '.join(choice.value for choice in choices)}") from None


def _number(query: Query, name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise _unreadable(f"{name} is a whole number")
    return int(text)


def _flag(query: Query, name: str) -> bool:
    text = query.get(name, "false")
    if text not in {"true", "false"}:
        raise _unreadable(f"{name} is true or false")
    return text == "true"


def _token(query: Query, name: str) -> bytes | None:
    text = query.get(name)
    if text is None:
        return None
    if not _TOKEN.fullmatch(text):
        raise _unreadable(f"{name} is 0x and up to 64 hex digits")
    return int(text, 16).to_bytes(32, "big")


def _name_or_identity(query: Query, name: str) -> str | None:
    text = query.get(name)
    if text is not None and as_identity(text) is None:
        try:
            check_name(text)
        except InvalidName as error:
            raise refuse_for(error, BAD_REQUEST, _UNREADABLE) from None
    return text


def _expect_duration(query: Query, name: str) -> None:
    if name in query and not _DURATION.fullmatch(query[name]):
        raise _unreadable(f"{name} is a duration such as 5s or 1m 30s")


def _unreadable(what: str) -> RefusalError:
    return refuse(BAD_REQUEST, _UNREADABLE + what)
