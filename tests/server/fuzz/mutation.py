"""Valid things made nearly valid."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

INTERESTING = (
    *(bytes([value]) * count for value in (0, 1, 0x7F, 0x80, 0xFF) for count in (1, 2, 4, 8, 16)),
    *(text.encode() for text in ("[", "]", "{", "}", '"', "\\", "'", ";", "%", "/", "..", "\r\n", ":", "-1", "1e999")),
    *(
        text.encode()
        for text in ("null", "true", "\U0001f600", "\u0000", "\ud7ff", "NaN", "9" * 40, "0x", " or ", "()")
    ),
)
LARGEST_GROWTH = 4096


def mutated(valid: bytes, random: Random, others: Sequence[bytes] = ()) -> bytes:
    """``valid`` with one to four harms; ``others`` are what pieces may come from."""
    data = bytearray(valid)
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 4))):
        _harm(data, random, others)
    return bytes(data)


def _harm(data: bytearray, random: Random, others: Sequence[bytes]) -> None:
    place = random.randrange(len(data) + 1)
    end = min(len(data), place + random.choice((1, 2, 4, 8, 32, 256)))
    match random.randrange(8):
        case 0 if place < len(data):
            data[place] ^= 1 << random.randrange(8)
        case 1 if place < len(data):
            data[place] = random.randrange(256)
        case 2:
            del data[place:end]
        case 3:
            data[place:place] = random.choice(INTERESTING)
        case 4:
            data[place:end] = random.choice(INTERESTING)
        case 5:
            piece = bytes(data[place:end])
            data[place:place] = piece * min(random.choice((1, 2, 16, 256)), LARGEST_GROWTH // max(1, len(piece)))
        case 6 if others:
            other = random.choice(others)
            start = random.randrange(len(other) + 1)
            data[place:end] = other[start : start + random.choice((1, 4, 16, 64))]
        case _:
            del data[place:]
