"""What the runtime is built from: downloaded once, and checked each time."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

PYTHON_VERSION = "3.13.15"
ZIG_VERSION = "0.17.0"

MIRROR_VARIABLE = "DEBIAN_MIRROR"


@dataclass(frozen=True)
class DebianSource:
    """An upstream archive in the pool of Debian's mirrors, where it stays as long as a release has it. Debian's archive
    of snapshots has all of them for good, and can be named in :data:`MIRROR_VARIABLE`."""

    path: str
    sha256: str


PYTHON = DebianSource(
    "pool/main/p/python3.13/python3.13_3.13.15.orig.tar.xz",
    "1e66a7945a48390ee4c2a4268a0e4185884059a13c4aab6d148aa208deea4a76",
)
"""Of August 2026, with all security fixes up to then: the newest 3.13 that more than one suite of Debian has (forky and
sid). For a newer one this, the version, the checksum and the date in ``compiling.py`` change."""

ZIG_WHEELS = {"sha256:97079827064a7492cce5541ceb438ae8003ce1e54e399676da2d62fb7a5dc08b"}
"""Of the package ``ziglang``, for Linux on x86-64."""


class SourceError(Exception):
    """Something that the runtime is built from is not to be had, or not what it should be."""


def unpack_python(downloads: Path, into: Path) -> Path:
    """The folder with CPython's source, below ``into``."""
    archive = _download(PYTHON, downloads)
    with tarfile.open(archive) as files:
        files.extractall(into, filter="data")
    return into / f"Python-{PYTHON_VERSION}"


def install_zig(folder: Path) -> Path:
    """The program ``zig``, in a folder of its own; by pip, or by uv where this Python has no pip."""
    program = folder / "ziglang" / "zig"
    if program.exists():
        return program
    requirement = folder.with_suffix(".txt")
    requirement.parent.mkdir(parents=True, exist_ok=True)
    requirement.write_text(f"ziglang=={ZIG_VERSION} " + " ".join(f"--hash={sha}" for sha in sorted(ZIG_WHEELS)) + "\n")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode != 0:
        uv = shutil.which("uv")
        if uv is None:
            raise SourceError("neither pip nor uv is there to install ziglang")
        pip = [uv, "pip"]
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    install = [*pip, "install", "--quiet", "--no-deps", "--require-hashes", "--target", str(unfinished)]
    if subprocess.run([*install, "-r", str(requirement)], check=False).returncode != 0:
        raise SourceError(f"ziglang {ZIG_VERSION} cannot be installed")
    unfinished.rename(folder)
    return program


def _download(source: DebianSource, folder: Path) -> Path:
    archive = folder / Path(source.path).name
    if not archive.exists() or _checksum(archive.read_bytes()) != source.sha256:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = archive.with_suffix(".unfinished")
        unfinished.write_bytes(_content(source))
        unfinished.replace(archive)
    return archive


def _checksum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _content(source: DebianSource) -> bytes:
    problems = []
    for mirror in _mirrors():
        address = f"{mirror.rstrip('/')}/{source.path}"
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - a mirror of apt's own configuration
                content: bytes = answer.read()
        except (urllib.error.URLError, OSError) as error:
            problems.append(f"{address}: {error}")
            continue
        found = _checksum(content)
        if found == source.sha256:
            return content
        problems.append(f"{address}: its checksum is {found}, not {source.sha256}")
    raise SourceError("\n  ".join([f"{Path(source.path).name} is on none of these mirrors:", *problems]))


def _mirrors() -> list[str]:
    """Of Debian: the one that is named in the environment, or those that apt uses."""
    if named := os.environ.get(MIRROR_VARIABLE):
        return [named]
    try:
        told = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)"], capture_output=True, text=True)
    except FileNotFoundError:
        raise SourceError(f"apt is not there to tell a Debian mirror: name one in {MIRROR_VARIABLE}") from None
    mirrors = sorted({line for line in told.stdout.split() if line.startswith(("http://", "https://"))})
    if not mirrors:
        raise SourceError(f"apt knows no mirror: name one of Debian in {MIRROR_VARIABLE}")
    return sorted(mirrors, key=lambda mirror: not mirror.rstrip("/").endswith("/debian"))
