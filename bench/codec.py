"""BSATN rows per second, beside the npm ``spacetimedb`` SDK on Node: the same bytes in the same run.

Python reads into tuples, dataclasses and ``msgspec.Struct(gc=False)`` classes, as generated clients
have them. Every figure is the best of several runs, each from bytes to a list of all rows and back.
"""

from __future__ import annotations

import gc
import json
import random
import shutil
import string
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import msgspec

from stdbpy.sats import Codec, Identity, Primitive, Timestamp, compile_codec
from stdbpy.sats.types import IDENTITY, TIMESTAMP, ProductType, TypeRef, product

SIZES = (100_000, 1_000_000)
REPEATS = {100_000: 7, 1_000_000: 3}
PEERS = Path(__file__).parent / "peers"

T = TypeVar("T")


@dataclass(slots=True)
class NumbersDataclass:
    id: int
    x: float
    y: float
    health: int


class NumbersStruct(msgspec.Struct, gc=False):
    id: int
    x: float
    y: float
    health: int


@dataclass(slots=True)
class MessageDataclass:
    id: int
    sender: Identity
    sent: Timestamp
    text: str


class MessageStruct(msgspec.Struct, gc=False):
    id: int
    sender: Identity
    sent: Timestamp
    text: str


@dataclass(frozen=True)
class RowShape:
    name: str
    text: str
    type: ProductType
    make: Callable[[int, random.Random], tuple[Any, ...]]
    classes: tuple[tuple[str, type | None], ...]

    def codec(self, cls: type | None) -> Codec[Any]:
        return compile_codec(TypeRef(0), (self.type,), {0: cls} if cls else None)


def _numbers(index: int, chance: random.Random) -> tuple[Any, ...]:
    return index, chance.random(), chance.random(), chance.randrange(-100, 100)


_SENDERS = [Identity(random.Random(sender).randbytes(32)) for sender in range(1_000)]


def _message(index: int, chance: random.Random) -> tuple[Any, ...]:
    text = "".join(chance.choices(string.ascii_letters + "  ", k=chance.randrange(30, 51)))
    return index, chance.choice(_SENDERS), Timestamp(1_700_000_000_000_000 + index), text


SHAPES = (
    RowShape(
        "numbers",
        "{u64, f32, f32, i32}",
        product(("id", Primitive.U64), ("x", Primitive.F32), ("y", Primitive.F32), ("health", Primitive.I32)),
        _numbers,
        (("tuple", None), ("dataclass", NumbersDataclass), ("msgspec.Struct", NumbersStruct)),
    ),
    RowShape(
        "message",
        "{u64, Identity (of 1,000), Timestamp, 30 to 50 characters}",
        product(("id", Primitive.U64), ("sender", IDENTITY), ("sent", TIMESTAMP), ("text", Primitive.STRING)),
        _message,
        (("tuple", None), ("dataclass", MessageDataclass), ("msgspec.Struct", MessageStruct)),
    ),
)


@dataclass(frozen=True)
class Rates:
    """Rows per second."""

    decode: float
    encode: float


def main() -> None:
    peer = install_peer()
    with tempfile.TemporaryDirectory(prefix="stdbpy-bench-") as folder:
        for shape in SHAPES:
            for size in SIZES:
                _compare(shape, size, Path(folder), peer)


def install_peer() -> str | None:
    """The version of Node, after seeing to it that the pinned SDK is there; ``None`` without Node."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        print("Node or npm is not installed: the figures stand alone")
        return None
    folder = PEERS.parent
    wanted: dict[str, str] = json.loads((PEERS / "package.json").read_text())["dependencies"]
    if any(_installed(folder, name) != version for name, version in wanted.items()):
        command = [npm, "install", "--prefix", str(folder), "--no-save", "--no-package-lock", "--ignore-scripts"]
        packages = [f"{name}@{version}" for name, version in wanted.items()]
        subprocess.run([*command, "--no-audit", "--no-fund", *packages], check=True, capture_output=True)
    version = subprocess.run([node, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    print(f"peer: npm spacetimedb {wanted['spacetimedb']} on Node {version}")
    return version


def _installed(folder: Path, name: str) -> str:
    """The version of an npm package; ``""`` if it is not there."""
    about = folder / "node_modules" / name / "package.json"
    return json.loads(about.read_text())["version"] if about.is_file() else ""


def _compare(shape: RowShape, size: int, folder: Path, peer: str | None) -> None:
    chance = random.Random(size)
    data = shape.codec(None).encode_rows(shape.make(index, chance) for index in range(size))
    print(f"{shape.text}, {size:,} rows, {len(data):,} bytes")
    theirs = _peer(shape, data, REPEATS[size], folder) if peer else None
    if theirs:
        _show("npm spacetimedb on Node", theirs)
    for name, cls in shape.classes:
        _show(f"stdbpy, {name}", _measure(shape.codec(cls), data, REPEATS[size]), theirs)


def _show(name: str, rates: Rates, theirs: Rates | None = None) -> None:
    ratios = (
        f"   {rates.decode / theirs.decode:5.2f}× decode {rates.encode / theirs.encode:5.2f}× encode" if theirs else ""
    )
    print(f"  {name:<26} decode {rates.decode:>12,.0f}/s   encode {rates.encode:>12,.0f}/s{ratios}", flush=True)


def _measure(codec: Codec[Any], data: bytes, repeats: int) -> Rates:
    decode_seconds, rows = _best(lambda: codec.decode_rows(data), repeats)
    encode_seconds, written = _best(lambda: codec.encode_rows(rows), repeats)
    assert written == data, "other bytes were written than read"
    return Rates(len(rows) / decode_seconds, len(rows) / encode_seconds)


def _best(work: Callable[[], T], repeats: int) -> tuple[float, T]:
    least, result = float("inf"), None
    for _ in range(repeats):
        result = None
        gc.collect()
        start = perf_counter()
        result = work()
        least = min(least, perf_counter() - start)
    assert result is not None
    return least, result


def _peer(shape: RowShape, data: bytes, repeats: int, folder: Path) -> Rates:
    file = folder / "rows.bsatn"
    file.write_bytes(data)
    command = ["node", "--expose-gc", "--max-old-space-size=4096", str(PEERS / "codec.mjs")]
    answer = subprocess.run([*command, shape.name, str(file), str(repeats)], check=True, capture_output=True, text=True)
    figures = json.loads(answer.stdout)
    return Rates(figures["rows"] / figures["decodeSeconds"], figures["rows"] / figures["encodeSeconds"])
