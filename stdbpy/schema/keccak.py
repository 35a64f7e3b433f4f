"""Keccak-256 in Python alone, for what modules compute of themselves: inside WebAssembly is no library that has it,
and SHA-3 of :mod:`hashlib` pads in another way. It takes about a millisecond for each 136 bytes.

Source: the Keccak reference, version 3.0, section 1.2.
"""

from __future__ import annotations

_LANES, _ROUNDS = 25, 24
_RATE = 136
"""Bytes that are taken in at once, of the state's 200: the others are twice the hash."""
_HASH = 32
_LANE_BITS = 64
_MASK = (1 << _LANE_BITS) - 1


def keccak_256(data: bytes) -> bytes:
    """32 bytes."""
    padded = bytearray(data + b"\x01" + bytes(-(len(data) + 1) % _RATE))
    padded[-1] |= 0x80
    state = [0] * _LANES
    for block in range(0, len(padded), _RATE):
        for lane in range(_RATE // 8):
            begin = block + 8 * lane
            state[lane] ^= int.from_bytes(padded[begin : begin + 8], "little")
        state = _permuted(state)
    return b"".join(lane.to_bytes(8, "little") for lane in state)[:_HASH]


def _permuted(state: list[int]) -> list[int]:
    """Lane ``x, y`` is at ``x + 5 * y``."""
    register = 1
    for _ in range(_ROUNDS):
        columns = [state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20] for x in range(5)]
        mixed = [columns[x - 1] ^ _rotated(columns[(x + 1) % 5], 1) for x in range(5)]
        state = [lane ^ mixed[place % 5] for place, lane in enumerate(state)]
        x, y, current = 1, 0, state[1]
        for step in range(_LANES - 1):
            x, y = y, (2 * x + 3 * y) % 5
            place = x + 5 * y
            current, state[place] = state[place], _rotated(current, (step + 1) * (step + 2) // 2)
        for row in range(0, _LANES, 5):
            lanes = state[row : row + 5]
            state[row : row + 5] = [lanes[x] ^ (~lanes[(x + 1) % 5] & _MASK & lanes[(x + 2) % 5]) for x in range(5)]
        for bit in range(7):
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
            if register & 2:
                state[0] ^= 1 << ((1 << bit) - 1)
    return state


def _rotated(lane: int, by: int) -> int:
    by %= _LANE_BITS
    return (lane << by | lane >> (_LANE_BITS - by)) & _MASK
