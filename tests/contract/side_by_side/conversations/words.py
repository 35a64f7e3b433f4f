"""What is said and done in a conversation, before it is known with whom: nothing here depends on the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from stdbpy.protocol.v1 import messages as m1
from stdbpy.protocol.v2 import messages as m2


@dataclass(frozen=True)
class Somebody:
    """Stands for the identity of a client, which is another one on each server."""

    name: str


@dataclass(frozen=True)
class Call:
    """A call of a reducer or procedure. ``args`` are values for its parameters, or what is sent in their place:
    BSATN, and JSON text."""

    name: str
    args: tuple[Any, ...] | tuple[bytes, str]
    is_spoiled: bool = False
    """Whether ``args`` are the bytes and the text."""


@dataclass(frozen=True)
class CallReducer:
    call: Call
    request_id: int
    flags: int = 0
    """Of protocol v1."""


@dataclass(frozen=True)
class CallProcedure:
    call: Call
    request_id: int


@dataclass(frozen=True)
class Nonsense:
    """A frame that is no message."""

    data: bytes | str


Word: TypeAlias = m1.ClientMessage | m2.ClientMessage | CallReducer | CallProcedure | Nonsense


@dataclass(frozen=True)
class Comes:
    who: str
    protocol: str
    query: str
    """Of the address: compression, light, confirmed."""


@dataclass(frozen=True)
class Leaves:
    who: str


@dataclass(frozen=True)
class Says:
    """Several words are sent without waiting for answers."""

    who: str
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Executes:
    """A statement of the owner."""

    statement: str


@dataclass(frozen=True)
class Publishes:
    """The owner's update with one of the world's programs."""

    program: int
    query: str = ""


Step: TypeAlias = Comes | Leaves | Says | Executes | Publishes
