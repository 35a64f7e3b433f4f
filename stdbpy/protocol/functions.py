"""Arguments and results of reducers and procedures, in the form that a dialect carries: BSATN or JSON text."""

from __future__ import annotations

from typing import Any

from stdbpy.errors import ReducerCrashed, ReducerFailed, SatsError, hint_for_bug
from stdbpy.protocol.catalog import FunctionLayout
from stdbpy.protocol.incoming import Committed, Failed, ReducerOutcome, Refused
from stdbpy.protocol.json_text import parse_json


def decode_arguments(layout: FunctionLayout, data: bytes | str) -> tuple[Any, ...]:
    """Raises ``DecodeError``."""
    if isinstance(data, str):
        return layout.json_arguments.from_json(parse_json(data, "the text of the arguments"))
    return layout.arguments.decode(data)


def decode_returned(layout: FunctionLayout, data: bytes | str) -> Any:
    """What a function gave back. Raises ``DecodeError``."""
    if isinstance(data, str):
        return layout.json_returned.from_json(parse_json(data, "the text of the result"))
    return layout.returned.decode(data)


def failure_of(
    outcome: ReducerOutcome, layout: FunctionLayout | None, database: str, *, told_apart: bool
) -> ReducerFailed | None:
    """The error that the outcome of a reducer of ``database`` stands for; ``None`` if it was committed.

    ``told_apart`` says that the dialect has one outcome for refusals and another for bugs.
    """
    if isinstance(outcome, Committed):
        return None
    if isinstance(outcome, Refused):
        return ReducerFailed(_refusal(outcome.error, layout))
    if isinstance(outcome, Failed):
        kind = ReducerCrashed if told_apart else ReducerFailed
        hint = f"The log says more: stdbpy logs {database}" if told_apart else ""
        return kind(outcome.message, hint=hint_for_bug(outcome.message, database) or hint)
    return ReducerCrashed(
        "the reducer was stopped, as it has no energy left",
        hint="Does it end? A server stops what computes for a minute or so. Where energy is paid for, its owner has to "
        "add some",
    )


def _refusal(data: bytes, layout: FunctionLayout | None) -> str:
    codec = layout.error if layout is not None else None
    if codec is not None:
        try:
            return str(codec.decode(data))
        except SatsError:
            pass  # another schema's error, or none at all: shown as it is
    return data.hex()
