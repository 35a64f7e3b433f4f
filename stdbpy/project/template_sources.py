"""Where a template comes from: stdbpy itself, a folder, or a git repository.

A folder or repository with ``cookiecutter.json`` is a template of cookiecutter; without one it is a
project to begin from as it is. Hooks of templates are code of strangers and never run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from stdbpy.errors import ProjectError, UsageError, nearest

BUILT_IN = {
    "basic": "one table and a few reducers to begin with",
    "chat": "a chat room: users that come and go, messages, checks and a schedule",
}
"""The templates that come with stdbpy and what is in them."""

SHARED = "shared"
"""The folder beside them with what all of them have."""

WORK_FOLDER = ".stdbpy-init-"
"""How the name of the folder begins in which a project is made: a template may lie around it."""

LOCAL_SETTINGS = "local.mk"
"""The file of a new project for settings of this machine; its ``.gitignore`` lists it."""

_ON_GITHUB = re.compile(r"(?:gh:)?([\w.-]+/[\w.-]+?)(?:\.git)?")
_REPOSITORY = re.compile(r"(https?|ssh|git|file)://.+|[\w.-]+@[\w.-]+:.+")
_LEFT_OUT = shutil.ignore_patterns(
    *(".git", f"{WORK_FOLDER}*", LOCAL_SETTINGS, "spacetime.local.json", "spacetime.*.local.json"),
    *(".venv", ".stdb", "node_modules", "__pycache__", ".*_cache", ".hypothesis"),
)
"""What is of the machine or the person that a folder belongs to, and what is made anew."""


def bring_template(name: str, folder: Path) -> bool:
    """Copies the template called ``name`` into ``folder``, which is made; whether it is one of cookiecutter's.

    ``name`` is one of :data:`BUILT_IN`, a folder, ``OWNER/REPOSITORY`` on GitHub or the URL of a git
    repository. Raises :class:`UsageError` if it can be none of these, :class:`ProjectError` if the
    repository cannot be had.
    """
    if name in BUILT_IN:
        for part in (SHARED, name):
            # Installing a wheel compiles the Python files in it: the copy leaves that out.
            shutil.copytree(built_in_folder() / part, folder, ignore=_LEFT_OUT, dirs_exist_ok=True)
        return True
    expect_template(name)
    if Path(name).is_dir():
        shutil.copytree(name, folder, ignore=_LEFT_OUT, symlinks=True)
    elif on_github := _ON_GITHUB.fullmatch(name):
        _clone(f"https://github.com/{on_github[1]}.git", folder)
    else:
        _clone(name, folder)
    return (folder / "cookiecutter.json").is_file()


def expect_template(name: str) -> None:
    """Raises :class:`UsageError` if no template can be called ``name``. Repositories are not asked whether they
    are there."""
    if name in BUILT_IN or (name and Path(name).is_dir()):
        return
    if not _REPOSITORY.fullmatch(name) and not _ON_GITHUB.fullmatch(name):
        there_are = f"There are {', '.join(BUILT_IN)}; a folder and OWNER/REPOSITORY on GitHub do as well"
        raise UsageError(f"there is no template {name!r}", hint=nearest(name, BUILT_IN) or there_are)


def built_in_folder() -> Path:
    """In a wheel the templates lie in this package, in a checkout beside the package ``stdbpy``."""
    here = Path(__file__).resolve().parent
    packaged = here / "templates"
    return packaged if packaged.is_dir() else here.parents[1] / "project_templates"


def _clone(url: str, folder: Path) -> None:
    # A repository that does not exist looks like a private one: git must not ask for a password.
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    command = ["git", "clone", "--quiet", "--depth", "1", "--", url, str(folder)]
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise ProjectError(f"{url} cannot be fetched: git is not installed", hint="Install git.") from None
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["git does not say why"])[-1].removeprefix("fatal: ")
        raise ProjectError(f"{url} cannot be fetched: {reason}", hint="Is that the name of the repository?")
    shutil.rmtree(folder / ".git")
