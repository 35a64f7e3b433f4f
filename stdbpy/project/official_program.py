"""The official program, ``spacetime``: found where it is installed, and run for what it alone can do."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from stdbpy.errors import ProjectError

PROGRAM = "spacetime"
INSTALLED_WITH = "curl -sSf https://install.spacetimedb.com | sh"


def run_official_program(*words: str | Path, purpose: str) -> None:
    """Runs it until it ends, and leaves the user's configuration alone: without one of its own it would
    write that.

    ``purpose`` begins the error's sentence: "writing Rust". Raises :class:`ProjectError` if it is not
    installed or fails.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        raise ProjectError(
            f"{purpose} takes the official program, and there is no `{PROGRAM}` on the PATH",
            hint=f"Install it: {INSTALLED_WITH}",
        )
    with tempfile.TemporaryDirectory(prefix="stdbpy-") as folder:
        configuration = Path(folder, "cli.toml")
        command = [program, "--config-path", str(configuration), *map(str, words)]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                check=False,
            )
        except OSError as error:
            raise ProjectError(f"{program} cannot be started: {error.strerror}") from error
    if done.returncode != 0:
        raise ProjectError(
            f"{purpose} failed: {_reason(done.stderr)}", hint=f"That is what {program} says; is it up to date?"
        )


def _reason(complaint: str) -> str:
    """What it says after ``Error:``, else all of it, on one line."""
    _, is_said, reason = complaint.rpartition("Error: ")
    return " ".join((reason if is_said else complaint).split()) or "it says nothing about why"
