"""What an instance imports into a runtime that has no module yet: the author's, out of what was appended."""

from __future__ import annotations

import importlib

from stdbpy.errors import ModuleLoadError
from stdbpy.wasm.guest.start import start


def _start() -> None:
    settings = importlib.import_module("_stdbpy_boot").settings
    try:
        start(settings["module"], settings["files"], settings["level"], settings["seed"])
    except ModuleLoadError as error:
        # The end of what whoever publishes it reads.
        raise ModuleLoadError("\n".join([error.message, *map(str, error.problems)])) from None
    settings.clear()


_start()
