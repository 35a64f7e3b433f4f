"""What the build imports into a runtime: the author's module, and everything that its calls need.

Told by the build as ``_stdbpy_boot.settings``: ``module`` (its import name), ``files`` (as in
:class:`~stdbpy.module.package.ModuleSource`), ``level`` (of the ABI), ``seed``. Tells the build, by :func:`tell`,
``problems`` (tuples of level, place, message, hint), and ``message`` and ``hint`` if the module cannot be loaded.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence

from stdbpy.errors import ModuleLoadError, Problem, StdbError
from stdbpy.wasm.guest.start import start
from stdbpy.wasm.guest.telling import tell


def _start() -> None:
    settings = importlib.import_module("_stdbpy_boot").settings
    try:
        warnings = start(settings["module"], settings["files"], settings["level"], settings["seed"])
    except ModuleLoadError as error:
        tell({"message": error.message, "hint": error.hint, "problems": _plain(error.problems)})
        raise
    except StdbError as error:
        tell({"message": error.message, "hint": error.hint, "problems": []})
        raise
    finally:
        settings.clear()
    tell({"problems": _plain(warnings)})


def _plain(problems: Sequence[Problem]) -> list[tuple[str, str, str, str]]:
    return [(problem.level, problem.where, problem.message, problem.hint) for problem in problems]


_start()
