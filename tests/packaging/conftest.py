"""The wheel, and an environment that knows stdbpy from it alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

_NO_NETWORK = (
    *("Failed to establish a new connection", "Name or service not known", "Temporary failure in name resolution"),
    *("Network is unreachable", "ConnectTimeoutError", "ReadTimeoutError", "error sending request", "dns error"),
)

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build("wheel", ROOT, folder)
    [wheel] = folder.glob("*.whl")
    return wheel


def build(target: str, project: Path, folder: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(folder)]
    subprocess.run(command, cwd=project, capture_output=True, check=True)


@pytest.fixture(scope="session")
def user(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs commands in a folder and with a home of their own, as a user does who has no checkout.

    ``pip`` and ``uv`` keep their configuration and what they have downloaded already.
    """
    folder = tmp_path_factory.mktemp("user")
    (folder / "home").mkdir()
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("STDBPY_", "PYTEST_", "PYTHON", "MAKE", "XDG_", "VIRTUAL_ENV"))
    }
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    config = Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config"))
    environment.setdefault("PIP_CACHE_DIR", str(cache / "pip"))
    environment.setdefault("UV_CACHE_DIR", str(cache / "uv"))
    for variable, file in (("PIP_CONFIG_FILE", config / "pip/pip.conf"), ("UV_CONFIG_FILE", config / "uv/uv.toml")):
        if file.exists():
            environment.setdefault(variable, str(file))
    environment["HOME"] = str(folder / "home")

    def run(
        *command: str | Path, at: Path | None = None, programs: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """``programs`` is the only folder that there are programs in, if it is given."""
        path = environment["PATH"] if programs is None else str(programs)
        return subprocess.run(
            list(map(str, command)), cwd=at or folder, env=environment | {"PATH": path},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


@pytest.fixture(scope="session")
def installed(wheel: Path, user: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment with the wheel, as yet without any extra."""
    environment = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(environment, symlinks=True)
    install(user, environment / "bin", str(wheel))
    return environment / "bin"


def install(user: Run, programs: Path, *requirements: str) -> None:
    """Installs with uv or pip; skips the test if there is no package index to reach."""
    if shutil.which("uv"):
        done = user("uv", "pip", "install", "--quiet", "--python", programs / "python", *requirements)
    else:
        # With the pip of these tests, and nothing compiled that is not used: that takes most of the time.
        pip = (sys.executable, "-m", "pip", "--python", programs / "python")
        done = user(*pip, "install", "--quiet", "--disable-pip-version-check", "--no-compile", *requirements)
    if done.returncode and any(sign in done.stderr for sign in _NO_NETWORK):
        pytest.skip("needs a package index to install dependencies from, and none can be reached")
    assert done.returncode == 0, done.stdout + done.stderr
