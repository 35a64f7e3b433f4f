"""The first `make`: what it sets up, and what it says where it cannot. Python and uv are stand-ins that write down
how they are called."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from stdbpy.project.templates import create_project

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")

Make = Callable[..., subprocess.CompletedProcess[str]]

PYTHON = """\
#!/bin/sh
echo "python $*" >> "$CALLS"
case "$*" in
  -V) echo "Python {version}" ;;
  *version_info*) exit {too_old} ;;
  *ensurepip*) exit {no_venv} ;;
  "-m venv .venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
esac
"""

UV = """\
#!/bin/sh
echo "uv $*" >> "$CALLS"
case "$*" in venv*) mkdir -p .venv/bin && cp "$(command -v python3)" .venv/bin/python ;; esac
"""


@pytest.fixture(params=["stdbpy itself", "a new project"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder = tmp_path / "my-game"
    if request.param == "a new project":
        return create_project("basic", folder).root
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The only folder on PATH beside the system's: stand-ins go here."""
    programs = tmp_path / "bin"
    programs.mkdir()
    write(programs / "python3", PYTHON.format(version="3.13.1", too_old=0, no_venv=0))
    return programs


@pytest.fixture
def make(folder: Path, programs: Path, tmp_path: Path) -> Make:
    def make(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{programs}:/usr/bin:/bin", "CALLS": str(tmp_path / "calls"), "HOME": str(tmp_path)}
        return subprocess.run(
            ["make", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )

    return make


def write(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def calls(tmp_path: Path) -> list[str]:
    return (tmp_path / "calls").read_text().splitlines()


def test_without_a_goal_it_tells_what_there_is(make: Make, tmp_path: Path) -> None:
    done = make()

    assert done.returncode == 0
    assert "make test" in done.stdout
    assert not (tmp_path / "calls").exists()


def test_python_is_missing(make: Make, folder: Path) -> None:
    done = make("test", "PYTHON=python3.99")

    assert done.returncode != 0
    assert "needs Python 3.11 or later, and 'python3.99' is not installed" in done.stderr
    assert not (folder / ".venv").exists()


def test_python_is_too_old(make: Make, folder: Path, programs: Path) -> None:
    write(programs / "python3", PYTHON.format(version="3.9.2", too_old=1, no_venv=0))

    done = make("test")

    assert done.returncode != 0
    assert "needs Python 3.11 or later; 'python3' is Python 3.9.2. Name another: make PYTHON=python3.12" in done.stderr
    assert not (folder / ".venv").exists()


def test_python_has_no_venv(make: Make, folder: Path, programs: Path) -> None:
    write(programs / "python3", PYTHON.format(version="3.11.2", too_old=0, no_venv=1))

    done = make("test")

    assert done.returncode != 0
    assert "'python3' has no venv module. On Debian and Ubuntu: apt install python3-venv. Or install uv." in done.stderr
    assert not (folder / ".venv").exists()


def test_pip_installs_what_is_needed_once(make: Make, folder: Path, tmp_path: Path) -> None:
    (folder / "local.mk").unlink(missing_ok=True)
    assert make(".venv/.ready").returncode == 0
    installs = [call for call in calls(tmp_path) if "pip install" in call]

    assert "python -m venv .venv" in calls(tmp_path)
    assert "--upgrade pip>=25.1" in installs[0]
    assert installs[1].endswith("--group dev")
    before = calls(tmp_path)
    assert make(".venv/.ready").returncode == 0
    assert calls(tmp_path) == before
    os.utime(folder / "pyproject.toml", (2**31, 2**31))
    assert make(".venv/.ready").returncode == 0
    assert len(calls(tmp_path)) > len(before)


def test_uv_goes_before_pip_and_makes_do_without_venv(make: Make, folder: Path, programs: Path, tmp_path: Path) -> None:
    (folder / "local.mk").unlink(missing_ok=True)
    write(programs / "python3", PYTHON.format(version="3.11.2", too_old=0, no_venv=1))
    write(programs / "uv", UV)

    done = make(".venv/.ready")

    assert done.returncode == 0, done.stderr
    venv, install = [call for call in calls(tmp_path) if call.startswith("uv ")]
    assert venv == f"uv venv --quiet --allow-existing --python {programs}/python3 .venv"
    assert install.startswith("uv pip install --quiet --python .venv/bin/python ")
    assert install.endswith("--group dev")
    assert not [call for call in calls(tmp_path) if "-m pip" in call]


def test_a_failed_install_is_tried_again(make: Make, folder: Path, programs: Path, tmp_path: Path) -> None:
    write(programs / "uv", UV + 'case "$*" in pip*) exit 1 ;; esac\n')
    assert make(".venv/.ready").returncode != 0
    assert not (folder / ".venv/.ready").exists()

    write(programs / "uv", UV)
    assert make(".venv/.ready").returncode == 0
    assert (folder / ".venv/.ready").exists()


def test_a_project_can_use_an_environment_of_its_owners(programs: Path, tmp_path: Path) -> None:
    project = create_project("basic", tmp_path / "my-game").root
    own = tmp_path / "own"
    (own / "bin").mkdir(parents=True)
    for name in ("python", "stdbpy"):
        write(own / "bin" / name, f'#!/bin/sh\necho "{name} $*" >> "$CALLS"\n')
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "CALLS": str(tmp_path / "calls"), "HOME": str(tmp_path)}

    subprocess.run(["make", "test", f"VENV={own}"], cwd=project, env=environment, capture_output=True, check=True)

    assert calls(tmp_path) == ["stdbpy generate", "python -m pytest"]
    assert not (project / ".venv").exists()


def test_a_project_can_install_another_stdbpy(programs: Path, tmp_path: Path) -> None:
    project = create_project("basic", tmp_path / "my-game").root
    environment = {"PATH": f"{programs}:/usr/bin:/bin", "CALLS": str(tmp_path / "calls"), "HOME": str(tmp_path)}

    subprocess.run(
        ["make", ".venv/.ready", "STDBPY=/a b/stdbpy[server]"],
        cwd=project, env=environment, capture_output=True, check=True,
    )  # fmt: skip

    assert calls(tmp_path)[-1].endswith("--group dev /a b/stdbpy[server]")
