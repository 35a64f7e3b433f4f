"""Packages as they lie in a folder like site-packages, made for a test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

NATIVE = ".cpython-311-x86_64-linux-gnu.so"
"""What the name of a module in machine code ends in."""


def install(
    site: Path, name: str, files: Mapping[str, str], *requires: str, version: str = "1.0", editable: bool = False
) -> None:
    """What pip leaves of a wheel in ``site``: files by path, what it requires, and what says so."""
    described = site / f"{name.replace('-', '_')}-{version}.dist-info"
    described.mkdir(parents=True)
    lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {each}" for each in requires)]
    (described / "METADATA").write_text("\n".join(["Metadata-Version: 2.4", *lines, ""]))
    if editable:
        (described / "direct_url.json").write_text(json.dumps({"url": "file:///x", "dir_info": {"editable": True}}))
    for path, text in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text)
    (described / "RECORD").write_text("".join(f"{path},,\n" for path in [*files, f"{described.name}/METADATA"]))
