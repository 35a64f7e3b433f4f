from __future__ import annotations

import doctest
from importlib import import_module

import pytest


@pytest.mark.parametrize("module", ["annotations", "bsatn", "naming", "satsjson", "tagged_union"])
def test_examples_in_docstrings_are_true(module: str) -> None:
    results = doctest.testmod(import_module(f"stdbpy.sats.{module}"))
    assert results.attempted > 0
    assert results.failed == 0
