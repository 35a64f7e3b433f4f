"""Reading TOML so that a mistake is told with its line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from stdbpy.errors import ConfigError

_PLACE = re.compile(r"(?P<reason>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)", re.DOTALL)


def read_toml(path: Path) -> dict[str, Any] | None:
    """The document at ``path``, or ``None`` if there is no file. Raises :class:`ConfigError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8: {error}") from None
    import tomllib  # takes longer than all the rest, and most commands find no file

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.fullmatch(str(error))
        line = place["line"] if place and place["line"] else text.count("\n") + 1
        raise ConfigError(f"{path}:{line}: not valid TOML: {place['reason'] if place else error}") from None
    except RecursionError:
        raise ConfigError(f"{path} is nested too deeply") from None
