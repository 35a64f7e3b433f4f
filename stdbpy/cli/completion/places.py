"""Where shells look for completion scripts: putting stdbpy's there, and taking it away again."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stdbpy.cli.completion.scripts import FILES, MARK, script
from stdbpy.errors import StdbError, UsageError
from stdbpy.replacing import replace_file, rewrite_file

_BASH_COMPLETION = (
    *(
        "/usr/share/bash-completion/bash_completion",
        "/etc/bash_completion",
        "/usr/local/etc/profile.d/bash_completion.sh",
    ),
    *("/opt/homebrew/etc/profile.d/bash_completion.sh", "/usr/local/share/bash-completion/bash_completion"),
)
"""What loads the scripts of bash's users."""

_ZSH_FILES = (".zshrc", ".zshenv", ".zprofile")
_PROFILE_MARK = "# completion of stdbpy"


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to a file."""

    path: Path
    what: str
    """``written``, ``up to date``, ``removed``, ``not there``."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was done for a shell, and what is left to its user."""

    shell: str
    changes: tuple[Change, ...]
    advice: str = ""
    """What the user has to do yet; ``""`` if a new shell is all."""


def users_shell() -> str:
    """The shell that the user logs in with. Raises :class:`UsageError` if it is none of ours."""
    named = os.environ.get("SHELL") or _login_shell()
    name = Path(named).name.removesuffix(".exe")
    shell = {"pwsh": "powershell"}.get(name, name)
    if shell not in FILES:
        said = (
            f"your shell is {name!r}, for which there is no completion" if name else "nothing says what your shell is"
        )
        raise UsageError(said, hint=f"Name one: {', '.join(FILES)}")
    return shell


def _login_shell() -> str:
    if sys.platform == "win32":
        return "powershell"
    from pwd import getpwuid

    try:
        return getpwuid(os.getuid()).pw_shell
    except LookupError:  # a container's user that has no entry
        return ""


def install(shell: str) -> Report:
    """Puts the script where ``shell`` looks for it; does nothing if it is there.

    Raises :class:`StdbError` if a file of somebody else is in the way, and ``OSError``.
    """
    path = _script_path(shell)
    changes = [Change(path, _write(path, script(shell)))]
    if shell == "powershell":
        changes += [
            Change(profile, "written" if _set_line(profile, _profile_line(path)) else "up to date")
            for profile in _profiles()
        ]
    return Report(shell, tuple(changes), _advice(shell, path))


def uninstall(shell: str) -> Report:
    """Takes away what :func:`install` puts there. Raises as it does."""
    path = _script_path(shell)
    changes = []
    if shell == "powershell":
        changes = [Change(each, "written") for each in _profiles() if each.is_file() and _set_line(each, None)]
    what = "not there"
    if path.is_file():
        _refuse_others(path)
        path.unlink()
        what = "removed"
    return Report(shell, (*changes, Change(path, what)))


def installed() -> Iterator[tuple[str, Path, bool]]:
    """The shells for which there is a script of stdbpy, its file, and whether it is that of this version.

    Raises :class:`StdbError` if this stdbpy came without scripts, and ``OSError``.
    """
    for shell in FILES:
        path = _script_path(shell)
        if path.is_file() and MARK in (text := path.read_text(encoding="utf-8", errors="replace")):
            yield shell, path, text == script(shell)


def _script_path(shell: str) -> Path:
    match shell:
        case "bash":
            # https://github.com/scop/bash-completion: the folder of a user's own, read when a command is completed
            own = os.environ.get("BASH_COMPLETION_USER_DIR", "").partition(":")[0]
            folder = Path(own) if own else _folder("XDG_DATA_HOME", ".local/share") / "bash-completion"
            return folder / "completions" / "stdbpy"
        case "zsh":
            return _zsh_home() / ".zfunc" / FILES[shell]
        case "fish":
            return _folder("XDG_CONFIG_HOME", ".config") / "fish" / "completions" / FILES[shell]
        case _:
            return _folder("XDG_DATA_HOME", ".local/share") / "stdbpy" / FILES[shell]


def _folder(variable: str, default: str) -> Path:
    configured = Path(os.environ.get(variable, ""))
    return configured if configured.is_absolute() else Path.home() / default


def _zsh_home() -> Path:
    return Path(os.environ.get("ZDOTDIR") or Path.home())


def _profiles() -> list[Path]:
    """What PowerShell runs when it starts; on Windows there are two PowerShells."""
    name = "Microsoft.PowerShell_profile.ps1"
    if sys.platform != "win32":
        return [_folder("XDG_CONFIG_HOME", ".config") / "powershell" / name]
    from platformdirs import user_documents_path

    return [user_documents_path() / folder / name for folder in ("PowerShell", "WindowsPowerShell")]


def _write(path: Path, text: str) -> str:
    if path.is_file():
        _refuse_others(path)
        if path.read_text(encoding="utf-8", errors="replace") == text:
            return "up to date"
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path.resolve(), text.encode())
    return "written"


def _refuse_others(path: Path) -> None:
    if MARK not in path.read_text(encoding="utf-8", errors="replace"):
        raise StdbError(f"{path} is not stdbpy's: somebody else wrote it", hint="Move it away first")


def _profile_line(path: Path) -> str:
    quoted = re.sub("['\u2018\u2019\u201a\u201b]", r"\g<0>\g<0>", str(path))
    return f". '{quoted}'  {_PROFILE_MARK}"


def _set_line(profile: Path, line: str | None) -> bool:
    """Sees to it that ``line`` is stdbpy's only line there (``None``: that there is none). Whether that changed it."""

    def edit(before: bytes | None) -> bytes:
        text = (before or b"").decode("utf-8", "surrogateescape")
        kept = [each for each in text.splitlines(keepends=True) if _PROFILE_MARK not in each]
        if line is not None:
            if kept and not kept[-1].endswith("\n"):
                kept[-1] += "\n"
            kept.append(f"{line}\n")
        return "".join(kept).encode("utf-8", "surrogateescape")

    return rewrite_file(profile, edit)


def _advice(shell: str, path: Path) -> str:
    match shell:
        case "bash" if not any(Path(each).exists() for each in _BASH_COMPLETION):
            return (
                "bash-completion, which would load it, is not installed: add this line to ~/.bashrc\n"
                f"  . {shlex.quote(str(path))}"
            )
        case "zsh" if not _mentions_folder(path.parent):
            return (
                f"add these lines to {_zsh_home() / '.zshrc'}, before any `compinit` that is there\n"
                f"  fpath=({shlex.quote(str(path.parent))} $fpath)\n"
                "  autoload -Uz compinit && compinit"
            )
    return ""


def _mentions_folder(folder: Path) -> bool:
    """Whether zsh's files seem to put the folder into ``fpath``."""
    texts = [(_zsh_home() / name).read_text(errors="replace") for name in _ZSH_FILES if (_zsh_home() / name).is_file()]
    return any(re.search(rf"^[^#\n]*{re.escape(folder.name)}\b", text, re.MULTILINE) for text in texts)
