"""stdbpy itself: its version, its Python, and which extras are installed."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution

from stdbpy import __version__
from stdbpy.errors import MissingExtra
from stdbpy.project.doctor.finding import Finding, ok, warning

EXTRAS = {
    "server": "the embedded server, and reading the definition in a .wasm",
    "arrow": "--format arrow, --format parquet and to_arrow()",
    "pandas": "to_pandas()",
    "polars": "to_polars()",
    "pydantic": "rows generated as pydantic models",
    "keyring": "tokens in the operating system's keyring",
    "brotli": "messages of a server that are compressed with brotli",
}
"""What each extra is for."""

_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)[^;]*(;(?P<marker>.*))?")
_EXTRA = re.compile(r"""extra\s*==\s*["'](?P<extra>[\w.-]+)["']""")


def examine_installation() -> Iterator[Finding]:
    yield ok("python", f"Python {platform.python_version()} ({sys.executable})")
    try:
        required = distribution("stdbpy").requires or []
    except PackageNotFoundError:
        yield warning(
            "stdbpy", f"stdbpy {__version__}, which runs without being installed", "python -m pip install stdbpy"
        )
        return
    yield ok("stdbpy", f"stdbpy {__version__}")
    for extra, purpose in EXTRAS.items():
        packages = list(_packages_of(extra, required))
        missing = [name for name in packages if not _is_installed(name)]
        if missing:
            fix = MissingExtra(purpose, extra).hint
            yield ok(f"stdbpy[{extra}]", f"not installed; only {purpose} needs it (missing: {', '.join(missing)})", fix)
        elif packages:
            yield ok(f"stdbpy[{extra}]", "installed")


def _packages_of(extra: str, required: list[str]) -> Iterator[str]:
    """The packages that an extra brings, out of the requirements in stdbpy's metadata (PEP 508)."""
    for requirement in required:
        found = _REQUIREMENT.match(requirement)
        marker = (found and found["marker"]) or ""
        named = _EXTRA.search(marker)
        is_for_others = "sys_platform != " in marker and sys.platform in marker
        if found and named and named["extra"] == extra and not is_for_others:
            yield found["name"]


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True
