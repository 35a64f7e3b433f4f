"""Names of tables in messages: the same few again and again."""

from __future__ import annotations

_MOST = 4096


class TableNames(dict[bytes, str]):
    """The text for the bytes of a name, the same object for the same bytes: it is decoded and hashed
    once, not in every message. What goes beyond a few thousand names is not kept."""

    __slots__ = ()

    def __missing__(self, raw: bytes) -> str:
        name = raw.decode()
        if len(self) < _MOST:
            self[raw] = name
        return name
