"""`stdbpy completions`: what goes where, and that a new shell then completes."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stdbpy.cli.completion import places
from stdbpy.cli.completion.scripts import FILES, script
from tests.cli.completion.shells import WITHIN, Typed
from tests.cli.conftest import Finished, Run

PLACES = {
    "bash": ".local/share/bash-completion/completions/stdbpy",
    "zsh": ".zfunc/_stdbpy",
    "fish": ".config/fish/completions/stdbpy.fish",
    "powershell": ".local/share/stdbpy/stdbpy.ps1",
}
PROFILE = ".config/powershell/Microsoft.PowerShell_profile.ps1"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these are the places of other systems")


@pytest.fixture(autouse=True)
def own_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BASH_COMPLETION_USER_DIR", "ZDOTDIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("shell", FILES)
def test_install_puts_the_script_where_the_shell_looks(run: Run, home: Path, shell: str) -> None:
    done = run("completions", "install", shell)
    assert (done.code, done.out) == (0, "")
    path = home / PLACES[shell]
    assert path.read_text() == script(shell)
    assert f"{path}: written" in done.err.splitlines()
    before = path.stat().st_mtime_ns
    again = run("completions", "install", shell)
    assert f"{path}: up to date" in again.err.splitlines()
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize("shell", FILES)
def test_an_old_script_is_replaced(run: Run, home: Path, shell: str) -> None:
    path = home / PLACES[shell]
    path.parent.mkdir(parents=True)
    path.write_text(script(shell) + "# of an older stdbpy\n")
    assert f"{path}: written" in run("completions", "install", shell).err
    assert path.read_text() == script(shell)


@pytest.mark.parametrize("action", ["install", "uninstall"])
@pytest.mark.parametrize("shell", FILES)
def test_what_somebody_else_wrote_stays(run: Run, home: Path, shell: str, action: str) -> None:
    path = home / PLACES[shell]
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    assert run("completions", action, shell) == Finished(
        1, "", f"Error: {path} is not stdbpy's: somebody else wrote it\nHint: Move it away first\n"
    )
    assert path.read_text() == "mine"


@pytest.mark.parametrize("shell", FILES)
def test_uninstall_takes_it_away(run: Run, home: Path, shell: str) -> None:
    path = home / PLACES[shell]
    run("completions", "install", shell)
    assert f"{path}: removed" in run("completions", "uninstall", shell).err
    assert not path.exists()
    assert run("completions", "uninstall", shell) == Finished(0, "", f"{path}: not there\n")


@pytest.mark.parametrize("shell", FILES)
def test_show_writes_the_script(run: Run, shell: str) -> None:
    assert run("completions", "show", shell) == Finished(0, script(shell), "")


def test_the_shell_is_the_users_own(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert run("completions", "install").code == 0
    assert (home / PLACES["fish"]).exists()
    monkeypatch.setenv("SHELL", "/opt/pwsh")
    assert places.users_shell() == "powershell"
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    done = run("completions", "install")
    assert done.code == 2
    assert "your shell is 'tcsh'" in done.err
    monkeypatch.delenv("SHELL")
    monkeypatch.setattr(places, "_login_shell", lambda: "")
    assert run("completions", "install") == Finished(
        2, "", "Error: nothing says what your shell is\nHint: Name one: bash, zsh, fish, powershell\n"
    )


def test_folders_that_the_user_chose(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASH_COMPLETION_USER_DIR", f"{home}/one:{home}/two")
    monkeypatch.setenv("ZDOTDIR", str(home / "zsh"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    for shell in ("bash", "zsh", "fish"):
        assert run("completions", "install", shell).code == 0
    assert (home / "one" / "completions" / "stdbpy").exists()
    assert (home / "zsh" / ".zfunc" / "_stdbpy").exists()
    assert (home / "config" / "fish" / "completions" / "stdbpy.fish").exists()


def test_powershell_gets_one_line_in_its_profile(run: Run, home: Path) -> None:
    profile = home / PROFILE
    profile.parent.mkdir(parents=True)
    profile.write_bytes(b"Set-Alias ll ls # \xff, without an end of line")
    for _ in range(2):
        assert run("completions", "install", "powershell").code == 0
        assert profile.read_bytes() == (
            b"Set-Alias ll ls # \xff, without an end of line\n"
            b". '%s'  # completion of stdbpy\n" % str(home / PLACES["powershell"]).encode()
        )
    assert run("completions", "uninstall", "powershell").code == 0
    assert profile.read_bytes() == b"Set-Alias ll ls # \xff, without an end of line\n"


def test_zsh_users_are_told_what_is_missing_until_it_is_there(run: Run, home: Path) -> None:
    done = run("completions", "install", "zsh")
    assert f"Yet to do: add these lines to {home}/.zshrc" in done.err
    (home / ".zshrc").write_text("# fpath=(~/.zfunc $fpath)\n")
    assert "Yet to do" in run("completions", "install", "zsh").err
    (home / ".zshrc").write_text("fpath=(~/.zfunc $fpath)\nautoload -Uz compinit && compinit\n")
    assert "Yet to do" not in run("completions", "install", "zsh").err


def test_bash_users_without_bash_completion_are_told(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "_BASH_COMPLETION", (str(home / "nothing"),))
    assert f"  . {home / PLACES['bash']}\n" in run("completions", "install", "bash").err
    monkeypatch.setattr(places, "_BASH_COMPLETION", (str(home),))
    assert "Yet to do" not in run("completions", "install", "bash").err


def test_a_home_that_cannot_be_written(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "file").touch()
    monkeypatch.setenv("HOME", str(home / "file"))
    done = run("completions", "install", "fish")
    assert done.code == 1
    assert re.fullmatch(f"Error: {home}/file/.config.*: Not a directory\n", done.err)


class NewShell(Typed):
    """One that starts as its user's does."""

    def __init__(self, name: str, arguments: tuple[str, ...], set_up: str, home: Path) -> None:
        self.name = name
        self._arguments = arguments
        self._set_up = set_up
        (home / "work").mkdir()
        super().__init__(dict(os.environ), home / "work")

    def offers(self, line: str) -> list[str]:
        return [self.completed(line)]


BASH_COMPLETION = Path("/usr/share/bash-completion/bash_completion")


@pytest.mark.skipif(not BASH_COMPLETION.exists(), reason="bash-completion is not installed here")
def test_a_new_bash_completes(run: Run, home: Path) -> None:
    run("completions", "install", "bash")
    (home / ".bashrc").write_text(f". {BASH_COMPLETION}\n")
    line = 'printf "%s\\n" "$READLINE_LINE" >"$ANSWERS"; READLINE_LINE='
    with NewShell("bash", ("-i",), f"bind -x '\"\\C-g\": {line}'\necho ready >$ANSWERS", home) as bash:
        assert bash.completed("stdbpy server pi") == "stdbpy server ping "


def test_a_new_zsh_completes(run: Run, home: Path) -> None:
    told = run("completions", "install", "zsh").err
    lines = [line.strip() for line in told.splitlines() if line.startswith("  ")]
    assert len(lines) == 2
    (home / ".zshrc").write_text("\n".join(lines).replace("compinit &&", "compinit -u &&") + "\n")
    line = 'line() { print -r -- "$BUFFER" >"$ANSWERS"; BUFFER= }; zle -N line; bindkey "^G" line'
    with NewShell("zsh", ("-i",), f"{line}\nprint ready >$ANSWERS", home) as zsh:
        assert zsh.completed("stdbpy server pi") == "stdbpy server ping "


def test_a_new_fish_completes(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("completions", "install", "fish")
    (home / "bin").mkdir()
    (home / "bin" / "stdbpy").symlink_to(sys.executable)  # fish completes what is there
    monkeypatch.setenv("PATH", f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}")
    if shutil.which("fish") is None:
        pytest.skip("fish is not installed here")
    done = subprocess.run(
        ["fish", "-c", "complete -C 'stdbpy server pi'"], capture_output=True, text=True, timeout=WITHIN, check=True
    )
    assert done.stdout.startswith("ping\t")
