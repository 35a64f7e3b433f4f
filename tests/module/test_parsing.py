from __future__ import annotations

import ast
import gc

import pytest

from stdbpy.module.parsing import undisturbed

TEXT = "a = b + c\n" * 100


class Disturbing:
    """What the collector finds in the middle of parsing, and parses as well, some calls deeper."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        ast.parse("a")


@pytest.fixture
def disturbed():
    gc.collect()
    thresholds = gc.get_threshold()
    Disturbing()
    gc.set_threshold(100)
    yield
    gc.set_threshold(*thresholds)


def test_it_is_parsed_while_others_parse(disturbed):
    assert len(undisturbed(lambda: ast.parse(TEXT)).body) == 100


def test_what_goes_on_failing_fails():
    def parse() -> None:
        raise SystemError("this is another one")

    with pytest.raises(SystemError, match="another one"):
        undisturbed(parse)
