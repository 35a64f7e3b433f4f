"""What an examination finds."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from stdbpy.errors import StdbError


class Level(enum.StrEnum):
    OK = "ok"
    WARNING = "warning"
    """Work goes on, but not as somebody would expect."""
    ERROR = "error"
    """Something that the user wants does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    subject: str
    """What it is about, in a word or two: ``server``, ``module``."""
    message: str
    fix: str = ""
    """What to do about it, mostly a command; of what is well, what can be added."""


def ok(subject: str, message: str, fix: str = "") -> Finding:
    return Finding(Level.OK, subject, message, fix)


def warning(subject: str, message: str, fix: str = "") -> Finding:
    return Finding(Level.WARNING, subject, message, fix)


def error(subject: str, message: str, fix: str = "") -> Finding:
    return Finding(Level.ERROR, subject, message, fix)


def failed(subject: str, failure: StdbError) -> Finding:
    """The finding that an error is."""
    return error(subject, failure.message, failure.hint)
