"""What the files around a folder say about servers and databases, for a shell that waits for an answer.

Reading them (``cli.toml``, ``spacetime.json`` with its layers, ``pyproject.toml``) takes several times as
long as starting Python. So what :mod:`stdbpy.project.servers` and :mod:`stdbpy.project.targets` make of them
is kept in the user's cache, for as long as none of the files changes, appears or goes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from stdbpy.project.paths import cache_dir, cli_toml_path

TYPE_CHECKING = False  # importing it from `typing` takes a tenth of the time that a shell has
if TYPE_CHECKING:
    from typing import Any

_VERSION = 1
_MOST_FOLDERS = 100

Stamps = dict[str, list[int] | None]
"""By the path of a file: when it was written (ns) and its size in bytes; ``None`` where there is none."""


class Surroundings:
    """The servers that have names, and the databases of the project."""

    def __init__(self, servers: Mapping[str, str], default_server: str, databases: Mapping[str, str | None]) -> None:
        self.servers = servers
        """Addresses by nicknames and hosts."""
        self.default_server = default_server
        """Its address; ``""`` if the files cannot be read."""
        self.databases = databases
        """The project's databases, with what they say of their server."""

    def url(self, word: str | None) -> str:
        """The address of the server that a user calls ``word``; ``""`` if nobody knows it."""
        if not word:
            return self.default_server
        if "://" in word:
            return word
        return self.servers.get(word) or (f"http://{word}" if ":" in word else "")


def look_around(
    folder: Path, *, cli_toml: Path | None = None, env: str | None = None, cache: Path | None = None
) -> Surroundings:
    """What counts for a command that runs in ``folder``.

    ``cli_toml`` is another one than the user's, ``env`` names the layers of ``spacetime.json``, ``cache`` is
    the folder to keep the answer in. Files that are broken say nothing: no shell could show why.
    """
    cli_toml = cli_toml or cli_toml_path()
    file = (cache or cache_dir()) / "surroundings.json"
    key = "\n".join((str(folder), str(cli_toml), env or ""))
    kept = _read(file)
    with suppress(LookupError, TypeError, ValueError, AttributeError):
        found = kept[key]
        if _stamps(found["stamps"]) == found["stamps"]:
            return Surroundings(found["servers"], found["default_server"], found["databases"])
    # Stamps come first: what changes while it is read is read again next time.
    stamps = _stamps(_files_that_count(folder, cli_toml, env))
    surroundings, further = _look(folder, cli_toml, env)
    kept.pop(key, None)
    kept[key] = {
        "stamps": stamps | _stamps(map(str, further)),
        "servers": surroundings.servers,
        "default_server": surroundings.default_server,
        "databases": surroundings.databases,
    }
    _write(file, dict(list(kept.items())[-_MOST_FOLDERS:]))
    return surroundings


def _files_that_count(folder: Path, cli_toml: Path, env: str | None) -> list[str]:
    layers = ["spacetime.json", "spacetime.local.json"]
    if env:
        layers += [f"spacetime.{env}.json", f"spacetime.{env}.local.json"]
    folders = (str(folder), *map(str, folder.parents))
    return [str(cli_toml), *(os.path.join(each, name) for each in folders for name in (*layers, "pyproject.toml"))]  # noqa: PTH118 - a Path for each takes longer than all the rest


def _stamps(paths: Iterable[str]) -> Stamps:
    return {path: _stamp(path) for path in paths}


def _stamp(path: str) -> list[int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    return [status.st_mtime_ns, status.st_size]


def _look(folder: Path, cli_toml: Path, env: str | None) -> tuple[Surroundings, tuple[Path, ...]]:
    """What the files say now, and those of them that lie elsewhere."""
    from stdbpy.errors import StdbError
    from stdbpy.project import cli_toml as cli_toml_file
    from stdbpy.project.servers import known_servers, resolve_server
    from stdbpy.project.targets import load_targets

    servers: dict[str, str] = {}
    default, databases, files = "", dict[str, str | None](), tuple[Path, ...]()
    with suppress(StdbError):
        config = cli_toml_file.read(cli_toml)
        for server in known_servers(config):
            servers.setdefault(server.host, server.url)
        servers |= {server.nickname: server.url for server in reversed(known_servers(config)) if server.nickname}
        default = resolve_server(None, config).url
    with suppress(StdbError, OSError):
        project = load_targets(folder, env)
        if project is not None:
            files = project.files
            for target in project.targets:
                if target.database is not None:
                    databases.setdefault(target.database, target.server)
    return Surroundings(servers, default, databases), files


def _read(file: Path) -> dict[str, Any]:
    try:
        document = json.loads(file.read_bytes())
        return dict(document["folders"]) if document["version"] == _VERSION else {}
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return {}


def _write(file: Path, folders: dict[str, Any]) -> None:
    from stdbpy.replacing import SECRET, replace_file  # who only reads does without

    with suppress(OSError, ValueError):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = json.dumps({"version": _VERSION, "folders": folders}).encode()
        replace_file(file, content, mode=SECRET, is_kept=False)
