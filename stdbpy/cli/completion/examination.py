"""What the doctor finds about completion in the user's shells."""

from __future__ import annotations

from collections.abc import Iterator

from stdbpy.cli.completion.places import installed
from stdbpy.errors import StdbError
from stdbpy.project.doctor import Finding, Level

_SUBJECT = "completion"


def examine_completion() -> Iterator[Finding]:
    """A finding for each shell that has a script; one if none has."""
    try:
        scripts = list(installed())
    except (StdbError, OSError) as error:
        yield Finding(Level.WARNING, _SUBJECT, str(error), getattr(error, "hint", ""))
        return
    if not scripts:
        yield Finding(Level.OK, _SUBJECT, "no shell completes stdbpy's commands", "stdbpy completions install")
    for shell, path, is_current in scripts:
        if is_current:
            yield Finding(Level.OK, _SUBJECT, f"{shell}: {path}")
        else:
            message = f"{shell}: {path} is of another version of stdbpy"
            yield Finding(Level.WARNING, _SUBJECT, message, f"stdbpy completions install {shell}")
