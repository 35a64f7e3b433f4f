"""Code in which a comment says what is wrong with its line."""

from __future__ import annotations

import re
import textwrap

from tests.module.running import problems_of

_MARK = re.compile(r"# ([EW]): (.*?)(?= # [EW]: |$)")


def expected_problems(code: str) -> list[tuple[str, str, str]]:
    found = []
    for number, line in enumerate(code.splitlines(), start=2):  # after the import of stdbpy
        found += [
            ("error" if kind == "E" else "warning", f"game.py:{number}", regex) for kind, regex in _MARK.findall(line)
        ]
    return found


def expect_problems(code: str) -> None:
    """Exactly those problems that a comment ``# E: regex`` (or ``# W:``) marks a line with, whose message and hint,
    joined by `` | ``, match."""
    code = textwrap.dedent(code)
    expected = expected_problems(code)
    problems = sorted(problems_of(code), key=lambda problem: int(problem.where.rpartition(":")[2]))

    found = [(problem.level, problem.where) for problem in problems]
    assert sorted(found) == sorted((level, where) for level, where, _ in expected), "\n".join(map(str, problems))
    for problem in problems:
        texts = [regex for level, where, regex in expected if (level, where) == (problem.level, problem.where)]
        text = f"{problem.message} | {problem.hint}"
        assert any(re.match(regex.replace(" | ", r".* \| "), text) for regex in texts), text
