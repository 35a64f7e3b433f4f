"""How a run that did not succeed ends: one sentence and the next thing to try, and an exit code."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Iterable

from stdbpy.cli.terminal import paint, printable
from stdbpy.errors import ModuleLoadError, Problem, SchemaError, StdbError, TokenRejected, UsageError, nearest

FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130
"""128 + SIGINT, as shells count."""

_TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+(\.[\w-]+)?")
"""A JSON web token: base64 of what begins with ``{"``."""


def report(error: BaseException, *, show_traceback: bool) -> int:
    """Writes about ``error`` to stderr and returns the exit code for it."""
    if show_traceback and not isinstance(error, KeyboardInterrupt):
        print(without_tokens("".join(traceback.format_exception(error))), end="", file=sys.stderr)
    match error:
        case KeyboardInterrupt():
            print("Interrupted.", file=sys.stderr)
            return INTERRUPTED
        case ModuleLoadError() | SchemaError():
            show_problems(error.problems)
            return _say(error.message, error.hint, FAILED)
        case StdbError():
            code = WRONG_USAGE if isinstance(error, UsageError) else FAILED
            return _say(error.message, _hint(error), code, error.notes)
        case OSError():
            return _say(_about_os_error(error), "", FAILED)
    return _report_foreign(error)


def _hint(error: StdbError) -> str:
    """No login helps while a token in the environment goes before it."""
    if isinstance(error, TokenRejected) and os.environ.get("STDBPY_TOKEN"):
        return "STDBPY_TOKEN is set, and its token goes before any login: correct it, or unset it."
    return error.hint


def show_problems(problems: tuple[Problem, ...] | list[Problem]) -> None:
    """Writes findings about user code or a schema to stderr, one after the other."""
    for problem in problems:
        level = paint(f"{problem.level}:", "red" if problem.level == "error" else "yellow", sys.stderr)
        print(f"{printable(problem.where)}: {level} {printable(problem.message)}", file=sys.stderr)
        if problem.hint:
            print(f"    hint: {printable(problem.hint)}", file=sys.stderr)


def _report_foreign(error: BaseException) -> int:
    """Errors that are not stdbpy's: those of the command line's parser, and bugs."""
    import typer

    if isinstance(error, typer.Exit):
        return error.exit_code
    if isinstance(error, typer.Abort):
        return report(KeyboardInterrupt(), show_traceback=False)
    if isinstance(error, typer.TyperException):
        return _report_usage(error)
    message = f"stdbpy itself failed: {type(error).__name__}: {error}"
    return _say(message, "That is a bug; --debug shows where it happened", FAILED)


def _report_usage(error: Exception) -> int:
    """What the parser of the command line complains about: its classes differ by their attributes."""
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        print(error, file=sys.stderr)
        return WRONG_USAGE
    hint = f"`{context.command_path} --help` shows how it is used" if context is not None else ""
    option = getattr(error, "option_name", None)
    if option is not None and type(error).__name__ == "NoSuchOption":
        known = [name for param in context.command.get_params(context) for name in param.opts] if context else []
        return _say(f"there is no option {option}", nearest(option, known) or hint, WRONG_USAGE)
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    return _say(_in_our_words(message), hint, WRONG_USAGE)


_INVALID = "Invalid value for (?:'-\\w' / )?'(.+?)': "
_SENTENCES = (
    (r"Missing command\.", "which command?"),
    (r"Missing (?:argument|option) '(.+)'\.", r"\1 is missing"),
    (r"Option '(.+)' requires an argument\.", r"\1 needs a value"),
    (r"Option '(.+)' does not take a value\.", r"\1 takes no value"),
    (r"Got unexpected extra argument\S* \((.+)\)", r"one word too many: \1"),
    (rf"{_INVALID}(.+) is not a valid int(?:eger)?(?: range)?\.", r"\1 is a whole number, not \2"),
    (rf"{_INVALID}(.+) is not a valid float(?: range)?\.", r"\1 is a number, not \2"),
    (rf"{_INVALID}(.+) is not in the range (.+)\.", r"\1 cannot be \2, only \3"),
    (rf"{_INVALID}(.+)\.", r"\1: \2"),
)
"""What the parser says about a wrong command, and how stdbpy says it."""


def _in_our_words(message: str) -> str:
    for theirs, ours in _SENTENCES:
        found = re.fullmatch(theirs, message)
        if found:
            return found.expand(ours)
    return message[:1].lower() + message[1:].removesuffix(".")


def _about_os_error(error: OSError) -> str:
    reason = error.strerror or str(error)
    return f"{error.filename}: {reason}" if error.filename else reason


def _say(message: str, hint: str, code: int, notes: Iterable[str] = ()) -> int:
    """``notes`` are what was added to the error with ``add_note``, such as the place that it is about."""
    print(f"{paint('Error:', 'red', sys.stderr)} {without_tokens(printable(message))}", file=sys.stderr)
    for line in (line for note in notes for line in note.splitlines()):
        print(f"  {without_tokens(printable(line))}", file=sys.stderr)
    if hint:
        print(f"{paint('Hint:', 'cyan', sys.stderr)} {without_tokens(printable(hint))}", file=sys.stderr)
    return code


def without_tokens(text: str) -> str:
    """A server may quote the token that it was shown."""
    return _TOKEN.sub("TOKEN", text)
