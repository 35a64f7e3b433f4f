"""``@environment``: what a module declares, and what is wrong with it."""

from __future__ import annotations

import pytest

from stdbpy.schema import EnvironmentKind, EnvironmentValue
from tests.module.marked_problems import expect_problems
from tests.module.running import load_code

CASES = {
    "types that are no texts": """
        from typing import Literal
        from enum import Enum

        class Number(Enum):
            ONE = 1

        @environment
        class Env:
            A: int  # E: a value of the environment is text, not int | It is str, Literal
            B: Literal["a", 1]  # E: a value of the environment is text
            C: Number  # E: a value of the environment is text, not Number
            D: str | Number  # E: a value of the environment is text
            get: str  # E: a value cannot be called 'get' | Rename it
            _host: str  # E: a value cannot be called '_host' | Rename it
            __class__: str  # E: a value cannot be called '__class__' | Rename it
    """,
    "annotations that cannot be read": """
        @environment
        class Env:  # E: the types of Env cannot be read: name 'Nothing' is not defined
            A: "Nothing"
    """,
    "two environments": """
        @environment
        class Env:
            A: str

        @environment  # E: the module has an environment already, at game.py:\\d+ | Declare all values in one class
        class More:
            B: str
    """,
    "names that servers refuse": """
        @environment
        class Env:
            É: str  # E: .*a name has only letters of English
    """,
}


@pytest.mark.parametrize("case", CASES)
def test_problems(case: str) -> None:
    expect_problems(CASES[case])


def test_what_is_declared() -> None:
    schema = load_code(
        """
        from enum import Enum
        from typing import Literal, Optional

        class Mode(str, Enum):
            A = "a"
            B = "b"

        @environment
        class Env:
            KEY: str
            ONE: Literal["x"]
            MODE: Mode
            LEVEL: Optional[Literal["info", "debug"]]
        """
    ).schema
    assert schema.environment == (
        EnvironmentValue("KEY"),
        EnvironmentValue("LEVEL", EnvironmentKind.UNION, ("info", "debug"), optional=True),
        EnvironmentValue("MODE", EnvironmentKind.UNION, ("a", "b")),
        EnvironmentValue("ONE", EnvironmentKind.LITERAL, ("x",)),
    )
