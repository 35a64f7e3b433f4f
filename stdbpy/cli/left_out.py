"""What the official program has and stdbpy leaves out on purpose: said in one place, refused in one way.

A command's module names its own in ``LEFT_OUT``, by the option or, for what is a word after the command
there (``version install``), by the word.
"""

from __future__ import annotations

from dataclasses import dataclass

from stdbpy.errors import UsageError


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something of the official program that is not here."""

    why: str
    """Goes on after ``stdbpy start has no --pg-port: ``."""
    hint: str = ""

    def error(self, command: str, what: str) -> UsageError:
        """The error of somebody who wrote ``what`` after ``command`` (``stdbpy start``)."""
        return UsageError(f"{command} has no {what}: {self.why}", hint=self.hint)


CSHARP = {
    option: LeftOut("stdbpy builds modules in Python alone", hint="The official program builds those in C#")
    for option in ("--native-aot", "--dotnet-version")
}
"""The options for modules in C# that ``publish``, ``generate``, ``build``, ``init`` and ``dev`` have there."""
