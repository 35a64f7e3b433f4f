"""Where this stdbpy was installed from: a new project installs the same."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution

REQUIREMENT = "stdbpy[server]"
"""What installs stdbpy from the package index."""


def local_requirement() -> str | None:
    """The requirement that installs this very stdbpy, or ``None`` if the package index has it.

    A stdbpy that was installed from a folder, a wheel or a repository recorded its address as
    ``direct_url.json`` (https://packaging.python.org/en/latest/specifications/direct-url/).
    """
    try:
        recorded = distribution("stdbpy").read_text("direct_url.json")
    except PackageNotFoundError:
        return None
    if recorded is None:
        return None
    origin = json.loads(recorded)
    url = origin["url"]
    if "vcs_info" in origin:
        url = f"{origin['vcs_info']['vcs']}+{url}@{origin['vcs_info']['commit_id']}"
    if "subdirectory" in origin:
        url += f"#subdirectory={origin['subdirectory']}"
    return f"{REQUIREMENT} @ {url}"
