"""The scripts in real shells: what they offer, and that nothing they are told is run."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from stdbpy.cli.commands import COMMANDS
from stdbpy.cli.commands.server import COMMANDS as SERVER_COMMANDS
from stdbpy.cli.options import YES_KINDS
from stdbpy.cli.output import Format
from tests.cli.completion.conftest import HOSTILE, OTHER, User
from tests.cli.completion.shells import Fish, Shell, TypedBash, Zsh

WITHOUT_ASKING = {
    "stdbpy ": set(COMMANDS),
    "stdbpy pub": {"publish"},
    "stdbpy nothing": set(),
    "stdbpy server ": set(SERVER_COMMANDS),
    "stdbpy server pi": {"ping"},
    "stdbpy --root-dir pub server pi": {"ping"},
    "stdbpy -q --config-path=x server pi": {"ping"},
    "stdbpy login ": {"show"},
    "stdbpy publish --bre": {"--break-clients"},
    "stdbpy server ping --for": {"--format"},
    "stdbpy server --for": set(),
    "stdbpy sql --format ": set(Format),
    "stdbpy sql --format js": {"json", "jsonl"},
    "stdbpy sql --format=js": {"json", "jsonl"},
    "stdbpy sql chat --format=js": {"json", "jsonl"},
    "stdbpy logs --level w": {"warn"},
    "stdbpy logs -l w": {"warn"},
    "stdbpy logs -ql w": {"warn"},
    "stdbpy publish --delete-data=on": {"on-conflict"},
    "stdbpy publish --clear-database=n": {"never"},
    "stdbpy publish --yes=": set(YES_KINDS),
    "stdbpy publish --yes=re": {"remote"},
    "stdbpy dev --template b": {"basic"},
    "stdbpy completions install z": {"zsh"},
}
"""What is offered for the last word of a line, from the script alone."""

BY_ASKING = {
    "stdbpy sql ": {"chat", "game"},
    "stdbpy sql c": {"chat"},
    "stdbpy sql -- --for": set(),
    "stdbpy sql --format json -- --for": set(),
    "stdbpy delete -- c": {"chat"},
    "stdbpy sql chat ": set(),
    "stdbpy call chat ": {"send_message", "set_name", "total"},
    "stdbpy call chat s": {"send_message", "set_name"},
    "stdbpy call --anonymous chat to": {"total"},
    "stdbpy call chat send_message ": set(),
    "stdbpy call game ": set(),
    "stdbpy describe chat ta": {"table"},
    "stdbpy describe chat table ": {"message", "person"},
    "stdbpy describe chat reducer ": {"send_message", "set_name"},
    f"stdbpy sql --server {OTHER} ": {"far"},
    f"stdbpy sql --server={OTHER} ": {"far"},
    f"stdbpy sql -qs {OTHER} ": {"far"},
    f"stdbpy publish --server={OTHER} --parent=f": {"far"},
    "stdbpy sql --server local ": {"chat", "game"},
    "stdbpy sql --server mainc": {"maincloud", "maincloud.spacetimedb.com"},
    "stdbpy sql --server=mainc": {"maincloud", "maincloud.spacetimedb.com"},
    "stdbpy server ping mainc": {"maincloud", "maincloud.spacetimedb.com"},
    "stdbpy sql --server nobody ": set(),
    "stdbpy sql --root-dir elsewhere ": set(),
}
"""What is offered from what the program remembers."""


@pytest.fixture(autouse=True)
def nothing_was_asked_yet(user: User) -> None:
    user.calls()


@pytest.mark.parametrize("line", WITHOUT_ASKING)
def test_offers_what_is_always_the_same_by_itself(shell: Shell, user: User, line: str) -> None:
    assert set(shell.offers(line)) == WITHOUT_ASKING[line]
    assert user.calls() == []


@pytest.mark.parametrize("line", BY_ASKING)
def test_offers_names_that_the_program_remembers(shell: Shell, user: User, line: str) -> None:
    assert set(shell.offers(line)) == BY_ASKING[line]
    if BY_ASKING[line]:
        assert [call.split()[0] for call in user.calls()] == ["__complete"]


def test_several_words_are_completed_one_by_one(shell: Shell) -> None:
    offered = {word.rpartition(",")[2] for word in shell.offers("stdbpy publish --yes=migrate,")}
    assert offered == set(YES_KINDS) - {"migrate"} or (isinstance(shell, Fish) and offered == set(YES_KINDS))
    assert [word.rpartition(",")[2] for word in shell.offers("stdbpy publish --yes=migrate,re")] == ["remote"]


def test_an_option_is_offered_once_unless_it_may_be_repeated(shell: Shell) -> None:
    if isinstance(shell, Fish):
        pytest.skip("fish offers options again")
    assert shell.offers("stdbpy sql --format json --for") == []
    assert shell.offers("stdbpy sql -s local --serv") == []
    assert shell.offers("stdbpy start --allow-host a --allow-h") == ["--allow-host"]


@pytest.fixture(scope="module")
def typed_bash(user: User) -> Iterator[TypedBash]:
    with TypedBash(user.environment, user.at) as bash:
        yield bash


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("stdbpy pub", "stdbpy publish "),
        ("echo; stdbpy pub", "echo; stdbpy publish "),
        ("stdbpy publish --delete-data=on", "stdbpy publish --delete-data=on-conflict "),
        ("stdbpy  sql   --server=127.0.0.1:30", "stdbpy  sql   --server=127.0.0.1:3000 "),
        ("stdbpy sql --server 127.0.0.1:30", "stdbpy sql --server 127.0.0.1:3000 "),
        ("stdbpy publish --yes=migrate,re", "stdbpy publish --yes=migrate,remote "),
        ("stdbpy call chat sen", "stdbpy call chat send_message "),
        ("stdbpy call 'chat' sen", "stdbpy call 'chat' send_message "),
        ("stdbpy call ch\\at sen", "stdbpy call ch\\at send_message "),
        ("stdbpy publish -b mod", "stdbpy publish -b module\\ one.wasm "),
        ("stdbpy publish --bin-path=mod", "stdbpy publish --bin-path=module\\ one.wasm "),
        ("stdbpy build --module-path fo", "stdbpy build --module-path folder/"),
        ("stdbpy build --module-path mod", "stdbpy build --module-path mod"),
        ("stdbpy init --template=fo", "stdbpy init --template=folder/"),
        ("stdbpy sql mod", "stdbpy sql mod"),
        ("stdbpy sql --server=it", "stdbpy sql --server=it\\'s "),
        ("stdbpy sql --server it", "stdbpy sql --server it\\'s "),
        ("stdbpy sql --server a", "stdbpy sql --server a\\ b "),
        ('stdbpy sql --server "it', 'stdbpy sql --server "it\'s" '),
        ("stdbpy sql --server 'it", "stdbpy sql --server 'it'\\''s' "),
        ('stdbpy sql --server="$', 'stdbpy sql --server="\\$(touch ran)" '),
        ("stdbpy sql --server '`", "stdbpy sql --server '`touch ran`' "),
    ],
)
def test_bash_writes_what_it_completes(typed_bash: TypedBash, line: str, completed: str) -> None:
    assert typed_bash.completed(line) == completed


@pytest.fixture(scope="module")
def typed_zsh(user: User) -> Iterator[Zsh]:
    with Zsh(user.environment, user.at) as zsh:
        yield zsh


@pytest.mark.parametrize(
    ("line", "completed"),
    [
        ("stdbpy pub", "stdbpy publish "),
        ("stdbpy publish --delete-data=on", "stdbpy publish --delete-data=on-conflict "),
        ("stdbpy call 'chat' sen", "stdbpy call 'chat' send_message "),
        ("stdbpy publish -b mod", "stdbpy publish -b module\\ one.wasm "),
        ("stdbpy publish --bin-path=mod", "stdbpy publish --bin-path=module\\ one.wasm "),
        ("stdbpy build --module-path fo", "stdbpy build --module-path folder/"),
        ("stdbpy build --module-path mod", "stdbpy build --module-path mod"),
        ("stdbpy init --template=fo", "stdbpy init --template=folder/"),
        ("stdbpy sql mod", "stdbpy sql mod"),
        ("stdbpy sql --server=it", "stdbpy sql --server=it\\'s "),
        ("stdbpy sql --server a", "stdbpy sql --server a\\ b "),
    ],
)
def test_zsh_writes_what_it_completes(typed_zsh: Zsh, line: str, completed: str) -> None:
    assert typed_zsh.completed(line) == completed


def test_fish_offers_paths(user: User) -> None:
    fish = Fish(user.environment, user.at)
    assert "module one.wasm" in fish.offers("stdbpy publish -b mod")
    assert "module one.wasm" in fish.offers("stdbpy publish --bin-path=mod")
    assert fish.offers("stdbpy build --module-path fo") == ["folder/"]
    assert fish.offers("stdbpy build --module-path mod") == []
    assert fish.offers("stdbpy sql mod") == []


def test_hostile_names_are_words_and_nothing_else(shell: Shell, user: User) -> None:
    offered = shell.offers("stdbpy sql --server ")
    if shell.name != "fish":  # they offer what they write
        offered = [re.sub(r"\\(.)", r"\1", word) for word in offered]
    assert set(HOSTILE) <= set(offered)
    for line in ("stdbpy sql --server $(touch ran) ", "stdbpy sql `touch ran` ", "stdbpy call ${x:=$(touch ran)} "):
        shell.offers(line)
    assert not (user.at / "ran").exists()


@pytest.mark.parametrize("kind", [Fish, Zsh])
def test_descriptions_are_shown(user: User, kind: type[Fish | Zsh]) -> None:
    with kind(user.environment, user.at) as shell:
        commands = [" ".join(line.split()) for line in shell.lines("stdbpy ")]
        options = [" ".join(line.split()) for line in shell.lines("stdbpy start --allow")]
    assert any(re.fullmatch(f"sql( --)? {re.escape(COMMANDS['sql'][:20])}.*", line) for line in commands), commands
    assert any(re.fullmatch("--allow-native( --)? Run Python modules even if other.*", line) for line in options), (
        options
    )
