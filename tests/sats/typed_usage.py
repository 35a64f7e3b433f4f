"""What a strict type checker makes of annotations: checked by ``test_typing.py``, never run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_type

from stdbpy.sats import (
    Codec,
    Err,
    Identity,
    Ok,
    ScheduleAt,
    TaggedUnion,
    TimeDuration,
    Timestamp,
    compile_codec,
    f32,
    u8,
    u64,
)


class Shape(TaggedUnion):
    pass


class Circle(Shape):
    value: f32


class Nothing(Shape):
    pass


@dataclass
class Player:
    id: u64
    speed: f32
    owner: Identity
    level: u8 | None
    shape: Shape
    result: Ok[u8] | Err[str]


def numbers_are_plain(player: Player) -> None:
    assert_type(player.id, int)
    assert_type(player.speed, float)
    assert_type(player.level, int | None)
    Player(1, 1.5, Identity(bytes(32)), None, Circle(1), Ok(1)).id += 1
    Player("1", 1.5, Identity(bytes(32)), None, Circle(1), Ok(1))  # type: ignore[arg-type]


def variants_are_classes(shape: Shape) -> float:
    Circle("1.5")  # type: ignore[arg-type]
    Nothing(1)  # type: ignore[call-arg]
    Circle()  # type: ignore[call-arg]
    match shape:
        case Circle(radius):
            assert_type(radius, float)
            return radius
        case _:
            return 0


def variants_do_not_change(circle: Circle) -> None:
    circle.value = 2  # type: ignore[misc]


def moments(a: Timestamp, b: Timestamp) -> None:
    assert_type(a - b, TimeDuration)
    assert_type(a + 5, Timestamp)
    assert_type(a - 5, Timestamp)
    ScheduleAt.at(a)
    ScheduleAt.every(a - b)


def codecs(codec: Codec[Player], player: Player) -> None:
    assert_type(codec.encode(player), bytes)
    assert_type(codec.decode(b""), Player)
    assert_type(codec.decode_rows(b""), list[Player])
    codec.encode(5)  # type: ignore[arg-type]
    players: Codec[Player] = compile_codec(None)  # type: ignore[arg-type]
    players.decode(b"")
