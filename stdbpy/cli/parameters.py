"""What options take: words of a closed list, in stdbpy's words where one is not of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typer import _click

from stdbpy.errors import UsageError, nearest


class OneOf(_click.types.ParamType):
    """One of some words: ``typer.Option(click_type=OneOf("always", "never"))``.

    ``synonyms`` are other spellings, which are taken and told nowhere. With ``if_left_out`` the option's
    value may be left out and is then that word; as in the official program a value is then attached with
    ``=`` (``--delete-data=never``), so that what follows the option is never taken for it.
    """

    name = "word"

    def __init__(self, *words: str, if_left_out: str | None = None, synonyms: Mapping[str, str] | None = None) -> None:
        self.words = words
        self.if_left_out = if_left_out
        self._synonyms = synonyms or {}

    def get_metavar(self, param: _click.Parameter, ctx: _click.Context) -> str:
        del param, ctx
        choices = "|".join(self.words)
        return choices if self.if_left_out is None else f"[={choices}]"

    def convert(self, value: Any, param: _click.Parameter | None, ctx: _click.Context | None) -> Any:
        del ctx
        return self._word(value, param)

    def _word(self, value: str, param: _click.Parameter | None) -> str:
        word = self._synonyms.get(value, value)
        if word not in self.words:
            what = "it" if param is None else next((name for name in param.opts if name.startswith("--")), param.name)
            known = (*self.words, *self._synonyms)
            raise UsageError(f"{what} is {_either(self.words)}, not {value!r}", hint=nearest(value, known))
        return word


class SomeOf(OneOf):
    """Some of the words, with commas between them, for an option that may be repeated."""

    def get_metavar(self, param: _click.Parameter, ctx: _click.Context) -> str:
        del param, ctx
        return "WORD,…" if self.if_left_out is None else "[=WORD,…]"

    def convert(self, value: Any, param: _click.Parameter | None, ctx: _click.Context | None) -> Any:
        del ctx
        return ",".join(self._word(word, param) for word in value.split(","))


def _either(words: tuple[str, ...]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last
