"""``python -m stdbpy.cli.demo``: the main job from end to end, with nothing but public commands.

Everything happens in a temporary home, which is gone afterwards, and so is the server, however the
demo ends. Exit code 0: every step worked; 1: one did not; 130: interrupted.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Timer
from types import FrameType
from typing import NoReturn

from stdbpy.cli.terminal import paint
from stdbpy.signals import answering

_FOLDERS = {
    "HOME": ".",
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_CACHE_HOME": ".cache",
    "APPDATA": "roaming",
    "LOCALAPPDATA": "local",
}
"""The variables by which programs find a user's folders, and where they are in the demo's home."""

LISTENING = "Starting SpacetimeDB listening on "
STOPS_WITHIN = 15.0
"""Seconds that the server has to end after it was asked to."""

SAID, SAID_LIVE, SAID_LATER = "Hello from a typed client!", "Can you hear me?", "See you later!"
HEARS_WITHIN = 30.0
"""Seconds that the client has to show it."""

CLIENT = "client.py"
"""The program in the template's project that uses the generated package."""


class StepFailedError(Exception):
    """A command of the demo did not end well."""


class Ended(BaseException):
    """A signal asks the demo to end; ``number`` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def main() -> int:
    """Runs the demo and returns its exit code."""
    with _signals_as_exceptions():
        try:
            with _temporary_home() as home:
                _Demo(home).run()
        except StepFailedError as failure:
            print(f"\n{paint('The demo failed:', 'red', sys.stderr)} {failure}", file=sys.stderr)
            return 1
        except Ended as ended:
            print("\nInterrupted. The server is stopped and nothing is left behind.", file=sys.stderr)
            return 128 + ended.number
    print(f"\n{paint('The demo worked.', 'green', sys.stdout)} The server is stopped and nothing is left behind.")
    return 0


class _Demo:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("STDBPY_")},
            **{variable: str(home / folder) for variable, folder in _FOLDERS.items()},
            "STDBPY_FORMAT": "table",
            "PYTHONUNBUFFERED": "1",
        }

    def run(self) -> None:
        project = self.home / "chat"
        self.say("A project from a template: a module in Python, a client, a test")
        self.stdbpy("init", "chat", "--template", "chat")
        self.say("Its module is checked before anybody runs it")
        self.stdbpy("build", folder=project)
        self.say("A SpacetimeDB server on this machine")
        with self.server() as url:
            self.environment["STDBPY_SERVER"] = url
            self.say("The module becomes a database")
            self.stdbpy("publish", "chat", folder=project)
            self.say("Clients call its reducers")
            self.stdbpy("call", "chat", "set_name", "Ada")
            self.stdbpy("call", "chat", "send_message", "Hello from Python!")
            self.say("SQL reads its tables")
            self.stdbpy("sql", "chat", "SELECT * FROM message")
            self.say("Its log says what happened")
            self.stdbpy("logs", "chat", "--num-lines", "3")
            self.say("Everybody can ask what it consists of")
            self.stdbpy("describe", "chat")
            self.say("A typed Python package for its clients, and a client that imports it")
            self.stdbpy("generate", "chat", folder=project)
            self.python(CLIENT, SAID, folder=project)
            self.say("Live: what somebody says is in the cache of every client while it is said")
            with self.listening(CLIENT, folder=project, shows=SAID) as hears:
                self.stdbpy("call", "chat", "send_message", SAID_LIVE)
                hears(SAID_LIVE)
                self.say("A schedule says something later; until then only its author sees it, in a view")
                self.stdbpy("call", "chat", "send_later", SAID_LATER, "1")
                hears(f"You will say: {SAID_LATER}")
                hears(f"Ada: {SAID_LATER}")
            self.say("The server ends")

    def say(self, text: str) -> None:
        print(f"\n{paint(f'# {text}', 'bold', sys.stdout)}", flush=True)

    def stdbpy(self, *arguments: str, folder: Path | None = None) -> None:
        """Runs a command as a user would, its output going where the demo's goes."""
        self._run((*_program(), *arguments), shlex.join(("stdbpy", *arguments)), folder)

    def python(self, *arguments: str, folder: Path) -> None:
        self._run((sys.executable, *arguments), shlex.join(("python", *arguments)), folder)

    def _run(self, command: Sequence[str], shown: str, folder: Path | None) -> None:
        print(paint(f"$ {shown}", "cyan", sys.stdout), flush=True)
        done = subprocess.run(command, cwd=folder or self.home, env=self.environment, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise StepFailedError(f"`{shown}` ended with exit code {done.returncode}")

    @contextmanager
    def listening(self, *arguments: str, folder: Path, shows: str) -> Iterator[Callable[[str], None]]:
        """A program of the template that runs meanwhile, once it ``shows`` that it has begun. What is given waits
        until it shows something, which is then shown here as well."""
        print(paint(f"$ {shlex.join(('python', *arguments))} &", "cyan", sys.stdout), flush=True)
        process = subprocess.Popen(
            (sys.executable, *arguments),
            cwd=folder,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        in_vain = Timer(HEARS_WITHIN, process.kill)
        in_vain.start()
        assert process.stdout is not None
        lines = process.stdout

        def hears(text: str) -> None:
            for line in lines:
                print(f"{paint('client |', 'dim', sys.stdout)} {line}", end="", flush=True)
                if text in line:
                    return
            raise StepFailedError(f"the client did not hear {text!r}")

        try:
            hears(shows)
            yield hears
        finally:
            in_vain.cancel()
            with _undisturbed():
                _stop(process)

    @contextmanager
    def server(self) -> Iterator[str]:
        """The address of a server on a free port, which is stopped on leaving."""
        arguments = ("start", "--listen-addr", "127.0.0.1:0", "--data-dir", str(self.home / "data"))
        print(paint(f"$ {shlex.join(('stdbpy', *arguments[:3]))} &", "cyan", sys.stdout), flush=True)
        process = subprocess.Popen(
            (*_program(), *arguments),
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if LISTENING not in line:
                raise StepFailedError("the server did not start")
            print(line, end="", flush=True)
            yield f"http://{line.partition(LISTENING)[2].strip()}"
        finally:
            with _undisturbed():
                _stop(process)


def _program() -> tuple[str, ...]:
    """The console script of this installation; a checkout that is not installed has none."""
    script = shutil.which("stdbpy", path=str(Path(sys.executable).parent))
    return (script,) if script else (sys.executable, "-m", "stdbpy.cli")


_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


def _signals_as_exceptions() -> AbstractContextManager[None]:
    """Whoever ends the demo, its server and its files go with it. Signals that are ignored stay so."""

    def end(number: int, frame: FrameType | None) -> NoReturn:
        del frame
        raise Ended(number)

    return answering(*_SIGNALS, with_=end)


def _undisturbed() -> AbstractContextManager[None]:
    """Cleaning up is not interrupted a second time."""
    return answering(*_SIGNALS, with_=signal.SIG_IGN)


@contextmanager
def _temporary_home() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="stdbpy-demo-"))
    try:
        yield home
    finally:
        with _undisturbed():
            shutil.rmtree(home)


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


if __name__ == "__main__":
    sys.exit(main())
