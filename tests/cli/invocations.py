"""A short way to run each command: what the tests over all commands run.

A new command adds its line here; ``test_no_command_is_forgotten`` fails until then.
"""

from __future__ import annotations

from dataclasses import dataclass

URL = "{url}"
"""Stands for the address of the server that a test has prepared."""


@dataclass(frozen=True)
class Invocation:
    """Words after ``stdbpy``, run in a folder with the files of ``prepared_folder`` and a token."""

    words: tuple[str, ...]
    own_end: frozenset[str] = frozenset()
    """The situations that this command is meant to get along with, or tells in a way of its own: there
    it only must not break."""
    reads_config: bool = True
    """Whether a broken ``cli.toml`` is in its way."""
    tells_findings: bool = False
    """What is wrong is what it is asked for: it tells that as data, and an error at the end only counts."""
    runs_on: bool = False
    """It would work until interrupted: it is only run where it cannot begin."""

    @property
    def asks_a_server(self) -> bool:
        return URL in self.words

    def at(self, url: str) -> list[str]:
        return [url if word == URL else word for word in self.words]


def remote(*words: str, own_end: tuple[str, ...] = ()) -> Invocation:
    """A command to the server of ``--server``."""
    return Invocation((*words, "--server", URL), frozenset(own_end))


def local(*words: str, reads_config: bool = True, runs_on: bool = False) -> Invocation:
    """A command that asks no server."""
    return Invocation(words, reads_config=reads_config, runs_on=runs_on)


INVOCATIONS: dict[tuple[str, ...], Invocation] = {
    ("init",): local("init", "game", reads_config=False),
    ("build",): local("build", reads_config=False),
    ("dev",): local("dev", reads_config=False, runs_on=True),
    ("start",): local("start", "--in-memory", "--listen-addr", "127.0.0.1:0", reads_config=False, runs_on=True),
    ("publish",): remote("publish", "chat", "--bin-path", "module.wasm", "--yes"),
    ("call",): remote("call", "chat", "send_message", "hi"),
    ("sql",): remote("sql", "chat", "SELECT * FROM message"),
    ("subscribe",): remote("subscribe", "chat", "SELECT * FROM message", "--num-updates", "0"),
    ("logs",): remote("logs", "chat"),
    ("describe",): remote("describe", "chat"),
    ("generate",): remote("generate", "chat", "--lang", "python", "--out-dir", "client"),
    ("list",): remote("list"),
    ("env", "list"): remote("env", "list", "chat"),
    ("env", "get"): remote("env", "get", "chat", "API_KEY"),
    ("rename",): remote("rename", "--to", "lobby", "chat"),
    ("lock",): remote("lock", "chat"),
    ("unlock",): remote("unlock", "chat"),
    ("delete",): remote("delete", "chat", "--yes"),
    ("login",): Invocation(("login", "--server-issued-login", URL)),
    ("login", "show"): local("login", "show"),
    ("logout",): local("logout"),
    ("server", "list"): local("server", "list"),
    ("server", "set-default"): local("server", "set-default", "maincloud"),
    ("server", "add"): Invocation(("server", "add", "mine", "--url", URL)),
    ("server", "remove"): local("server", "remove", "maincloud"),
    ("server", "fingerprint"): Invocation(("server", "fingerprint", URL)),
    ("server", "ping"): Invocation(("server", "ping", URL)),
    ("server", "edit"): Invocation(("server", "edit", "maincloud", "--url", URL, "--yes")),
    ("server", "clear"): local("server", "clear", "--yes", reads_config=False),
    ("doctor",): Invocation(("doctor", "--server", URL), tells_findings=True),
    ("completions", "install"): local("completions", "install", "fish", reads_config=False),
    ("completions", "show"): local("completions", "show", "bash", reads_config=False),
    ("completions", "uninstall"): local("completions", "uninstall", "zsh", reads_config=False),
    ("version",): remote("version"),
    ("version", "list"): local("version", "list", reads_config=False),
}

VARIANTS: dict[str, Invocation] = {
    "logs --follow": remote("logs", "chat", "--follow", own_end=("interrupted",)),
    "logs --since": remote("logs", "chat", "--since", "1h"),
    "describe --json": remote("describe", "chat", "--json"),
    "describe --diff": remote("describe", "chat", "--diff", "game"),
    "call --args-from": remote("call", "chat", "send_message", "--args-from", "module.wasm"),
    "login --token": local("login", "--token", "dummy"),
    "login --renew": Invocation(("login", "--renew", "--server-issued-login", URL)),
    "version of the program": local("version", reads_config=False),
}
"""Other ways to run some of them, which take another way through the code."""

ALL = {" ".join(path): invocation for path, invocation in INVOCATIONS.items()} | VARIANTS
