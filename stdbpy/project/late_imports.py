"""What functions of a module import that is left out in WebAssembly: it shows when they are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stdbpy.errors import Problem
from stdbpy.module.as_in_webassembly import refuse_import
from stdbpy.project.imports import imports_in


def late_refusals(files: Mapping[str, bytes]) -> Iterator[Problem]:
    """A warning for each, by reading ``files``, contents by path. Tools for developing, which are there natively, may
    be imported, and what is in a ``try`` or under an ``if``."""
    for path, content in files.items():
        for line in imports_in(path, content):
            if line.is_late and not line.is_optional:
                try:
                    refuse_import(line.module, line.names)
                except ModuleNotFoundError as refused:
                    yield Problem("warning", f"{path}:{line.number}", f"{refused.msg}; to import it here fails")
