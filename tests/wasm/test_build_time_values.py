"""Time and chance while a module is imported: they are part of its program."""

from __future__ import annotations

from stdbpy.errors import Problem
from tests.wasm.building import HEAD, PEOPLE, Build

DRAWING = """\
import random, secrets, uuid
print(uuid.uuid4(), secrets.token_hex(4), random.Random().random(), random.random())
"""


def test_chance_is_the_same_in_each_build_of_a_module_and_in_no_other(build: Build) -> None:
    first, again, other = build(HEAD + DRAWING), build(HEAD + DRAWING), build(HEAD + DRAWING + "# another\n")

    assert first.program == again.program
    assert not {*first.output[0].split()} & {*other.output[0].split()}


def test_lines_that_ask_for_time_or_chance_are_warned_of(build: Build) -> None:
    built = build(
        {
            "game/__init__.py": HEAD
            + "import time, logging, random\n"
            + "from game.salts import SALT\n"
            + "now = time.time()\n"
            + "first = random.randint(1, 6)\n"
            + "logging.info('imported')\n"
            + "@reducer\ndef later(ctx: ReducerContext) -> None:\n    time.time()\n",
            "game/salts.py": "import secrets\n\ndef drawn():\n    return secrets.token_hex()\n\nSALT = drawn()\n",
        }
    )

    told = [(each.where, each.message.partition(" while ")[0], each.level) for each in built.warnings]
    assert told[-3:] == [
        ("game/salts.py:4", "what is drawn", "warning"),
        ("game/__init__.py:5", "the clock is read", "warning"),
        ("game/__init__.py:6", "what is drawn", "warning"),
    ]
    assert all(isinstance(each, Problem) and each.hint for each in built.warnings)
    assert [each for each in built.warnings if "declares no" not in each.message] == list(built.warnings[-3:])


def test_who_asks_for_neither_is_not_warned(build: Build) -> None:
    assert build("import uuid, random, tempfile, datetime\nown = random.Random()\n" + PEOPLE).warnings == ()


def test_what_is_no_number_has_the_same_sign_on_all_machines(build: Build) -> None:
    source = "import math\nendless = float('inf')\nprint(math.copysign(1, endless - endless))\n"

    assert build(HEAD + source).output == ("1.0",)
