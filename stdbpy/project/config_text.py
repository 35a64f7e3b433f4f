"""What configuration files hold, as bytes and as text, before anybody looks at the syntax."""

from __future__ import annotations

from pathlib import Path

from stdbpy.errors import ConfigError


def read_content(path: Path) -> bytes | None:
    """The bytes of a file, ``None`` if there is none. Raises :class:`ConfigError` if it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error


def text_of(path: Path, content: bytes) -> str:
    """Its text. Raises :class:`ConfigError` if it is not UTF-8."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8: {error}") from None
