from __future__ import annotations

import tomllib
from collections.abc import Callable
from difflib import ndiff
from pathlib import Path

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from stdbpy import replacing
from stdbpy.errors import ConfigError
from stdbpy.project import cli_toml
from stdbpy.project.cli_toml import Server
from stdbpy.project.cli_toml_edit import (
    add_server,
    edit_server,
    forget_tokens,
    remove_server,
    set_default_server,
    set_token,
    set_web_session_token,
)

FILE = """\
# my servers
default_server = "local" # the one
unknown = [
  1, # first
  2,
]

[other]
x = 1 # keep

# about main
[[server_configs]]
nickname = "main" # nick
host = "maincloud.spacetimedb.com"
protocol = "https"
extra = true

# about local
[[server_configs]]
protocol = "http"
host = "127.0.0.1:3000"
nickname = "local"

# tail
[tail]
y = 2
# end
"""

PEM = '-----BEGIN PUBLIC KEY-----\nMFk+\\w/EwY==\n-----END "PUBLIC" KEY-----\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "cli.toml"
    path.write_text(FILE)
    return path


def changed(path: Path) -> tuple[list[str], list[str]]:
    """The lines of :data:`FILE` that are gone, and those that came."""
    lines = [line for line in ndiff(FILE.splitlines(), path.read_text().splitlines()) if line[2:].strip()]
    return [line[2:] for line in lines if line[0] == "-"], [line[2:] for line in lines if line[0] == "+"]


@pytest.mark.parametrize(
    ("edit", "gone", "came"),
    [
        (
            lambda path: add_server(path, Server("http://10.0.0.5:80", "lab", PEM), default=True),
            ['default_server = "local" # the one'],
            [
                'default_server = "lab" # the one',
                "[[server_configs]]",
                'nickname = "lab"',
                'host = "10.0.0.5:80"',
                'protocol = "http"',
                'ecdsa_public_key = """-----BEGIN PUBLIC KEY-----',
                "MFk+\\\\w/EwY==",
                '-----END "PUBLIC" KEY-----',
                '"""',
            ],
        ),
        (
            lambda path: remove_server(path, "local"),
            [
                'default_server = "local" # the one',
                "[[server_configs]]",
                'protocol = "http"',
                'host = "127.0.0.1:3000"',
                'nickname = "local"',
            ],
            [],
        ),
        (
            lambda path: remove_server(path, "https://maincloud.spacetimedb.com/"),
            [
                "[[server_configs]]",
                'nickname = "main" # nick',
                'host = "maincloud.spacetimedb.com"',
                'protocol = "https"',
                "extra = true",
            ],
            [],
        ),
        (
            lambda path: edit_server(path, "127.0.0.1:3000", Server("https://x.example", "home")),
            [
                'default_server = "local" # the one',
                'protocol = "http"',
                'host = "127.0.0.1:3000"',
                'nickname = "local"',
            ],
            ['default_server = "home" # the one', 'protocol = "https"', 'host = "x.example"', 'nickname = "home"'],
        ),
        (
            lambda path: set_default_server(path, "maincloud.spacetimedb.com"),
            ['default_server = "local" # the one'],
            ['default_server = "main" # the one'],
        ),
        (
            lambda path: set_token(path, "a.b.c", web_session_token="s"),
            [],
            ['spacetimedb_token = "a.b.c"', 'web_session_token = "s"'],
        ),
        (lambda path: set_web_session_token(path, "s"), [], ['web_session_token = "s"']),
        (forget_tokens, [], []),
    ],
)
def test_only_what_is_meant_changes(path: Path, edit: Callable[[Path], None], gone: list[str], came: list[str]) -> None:
    edit(path)

    assert changed(path) == (gone, came)


def test_where_new_lines_go(path: Path) -> None:
    set_token(path, "a.b.c")
    add_server(path, Server("http://10.0.0.5:80", "lab"))

    text = path.read_text()
    assert '\n  2,\n]\nspacetimedb_token = "a.b.c"\n\n[other]' in text
    assert 'nickname = "local"\n\n[[server_configs]]\nnickname = "lab"' in text
    assert text.endswith('protocol = "http"\n\n# tail\n[tail]\ny = 2\n# end\n')


def test_a_file_that_is_not_there_is_begun_with_what_the_official_program_expects(tmp_path: Path) -> None:
    path = tmp_path / "new/folder/cli.toml"

    set_token(path, "a.b.c")

    assert path.read_text() == (
        'default_server = "local"\nspacetimedb_token = "a.b.c"\n\n'
        '[[server_configs]]\nnickname = "local"\nhost = "127.0.0.1:3000"\nprotocol = "http"\n\n'
        '[[server_configs]]\nnickname = "maincloud"\nhost = "maincloud.spacetimedb.com"\nprotocol = "https"\n'
    )


def test_servers_that_everybody_has_can_be_changed_too(tmp_path: Path) -> None:
    path = tmp_path / "cli.toml"
    path.write_text('listen_addr = "127.0.0.1:4000"\n')

    edit_server(path, "local", Server("http://127.0.0.1:4000", "local"))

    config = cli_toml.read(path)
    assert config.listen_addr == "127.0.0.1:4000"
    assert [server.url for server in config.servers] == ["http://127.0.0.1:4000", "https://maincloud.spacetimedb.com"]


def test_a_fingerprint_is_kept_and_forgotten(path: Path) -> None:
    edit_server(path, "main", Server("https://maincloud.spacetimedb.com", "main", PEM))
    assert cli_toml.read(path).servers[0].fingerprint == PEM

    edit_server(path, "main", Server("https://maincloud.spacetimedb.com", "main"))
    assert path.read_text() == FILE


def test_a_token_is_its_owner_s_alone(path: Path) -> None:
    path.chmod(0o644)

    set_default_server(path, "main")
    assert path.stat().st_mode & 0o777 == 0o644
    set_token(path, "a.b.c")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    set_token(path, "a.b.c")  # changes nothing but that
    assert path.stat().st_mode & 0o777 == 0o600
    forget_tokens(path)
    assert cli_toml.read(path).token is None


@pytest.mark.parametrize(
    ("edit", "message", "hint"),
    [
        (lambda path: remove_server(path, "mian"), "has no server 'mian'", "Did you mean 'main'?"),
        (lambda path: set_default_server(path, "xyz"), "has no server 'xyz'", "It has: "),
        (
            lambda path: add_server(path, Server("http://x.example", "main")),
            "has a server 'main' already: https://maincloud.spacetimedb.com",
            "Choose another name",
        ),
        (
            lambda path: add_server(path, Server("http://127.0.0.1:3000", "new")),
            "has the server http://127.0.0.1:3000 already: it is called 'local'",
            "stdbpy server edit local --new-name NAME",
        ),
        (
            lambda path: edit_server(path, "main", Server("https://maincloud.spacetimedb.com", "local")),
            "has a server 'local' already",
            "Choose another name",
        ),
        (
            lambda path: add_server(path, Server("http://local", "new")),
            "has a server 'local' already",
            "server edit local",
        ),
    ],
)
def test_names_are_found_and_unique(path: Path, edit: Callable[[Path], None], message: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        edit(path)
    assert hint in caught.value.hint
    assert path.read_text() == FILE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('default_server = "a"\nbroken', r"cli\.toml:2: not valid TOML"),
        ("\nspacetimedb_token = 3", r"cli\.toml:2: spacetimedb_token must be a string"),
        ('server_configs = [{host = "x", protocol = "http"}]', "cannot be changed without touching more"),
        (
            '[[server_configs]]\nhost = "x"\nprotocol = "http"\n[a]\n[[server_configs]]\nhost = "y"\nprotocol = "http"',
            "cannot be changed without touching more",
        ),
    ],
)
def test_a_file_that_cannot_be_changed_is_kept(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "cli.toml"
    path.write_text(text)

    with pytest.raises(ConfigError, match=message):
        add_server(path, Server("http://new.example", "new"))
    assert path.read_text() == text
    assert sorted(each.name for each in tmp_path.iterdir()) == ["cli.toml", "home"]


def test_what_would_say_something_else_is_not_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    string = tomlkit.string
    monkeypatch.setattr(tomlkit, "string", lambda value, **options: string(value.upper(), **options))

    with pytest.raises(ConfigError, match="cannot be changed without touching more"):
        set_token(path, "a.b.c")
    assert path.read_text() == FILE


def test_a_folder_that_may_not_be_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: object, **kwargs: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(replacing, "write_draft", refused)

    with pytest.raises(ConfigError, match=r"cli\.toml cannot be written: Permission denied") as caught:
        set_token(path, "a.b.c")
    assert "--config-path" in caught.value.hint
    assert path.read_text() == FILE


def test_what_another_program_writes_meanwhile_is_not_lost(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = replacing.write_draft

    def other_program_first(target: Path, content: bytes, *, mode: int) -> Path:
        monkeypatch.setattr(replacing, "write_draft", write)
        path.write_text("# theirs\n" + FILE)
        return write(target, content, mode=mode)

    monkeypatch.setattr(replacing, "write_draft", other_program_first)

    set_token(path, "a.b.c")

    assert path.read_text().startswith("# theirs\n")
    assert cli_toml.read(path).token == "a.b.c"


NOTES = st.sampled_from(["", "\n", "# note\n", "\n# note\n", "# note\n\n", "  # note\n\n# note\n"])
ENDS = st.sampled_from(["\n", "\n", " # note\n"])
VALUES = st.sampled_from(
    ['"x"', "'y#'", "3", "true", "[1, # note\n 2]", '"""a\n[[server_configs]]\n# b\n"""', "{z = 1}"]
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """``cli.toml`` as people write it: known and unknown keys, notes everywhere, other tables around."""
    keys = draw(st.lists(st.sampled_from(["listen_addr", "later", "a.b"]), unique=True, max_size=3))
    quoted = {"listen_addr": '"127.0.0.1:1"'}
    text = draw(NOTES)
    for key in keys:
        text += f"{key} = {quoted.get(key) or draw(VALUES)}{draw(ENDS)}{draw(NOTES)}"
    if draw(st.booleans()):
        text += f"[before]\nq = {draw(VALUES)}{draw(ENDS)}{draw(NOTES)}"
    for number in range(draw(st.integers(0, 3))):
        text += f"[[server_configs]]{draw(ENDS)}{draw(NOTES)}"
        lines = [f'host = "h{number}:80"', 'protocol = "http"', f'nickname = "n{number}"', f"more = {draw(VALUES)}"]
        for line in draw(st.permutations(lines)):
            text += f"{line}{draw(ENDS)}{draw(NOTES)}"
    if draw(st.booleans()):
        text += f"[after.all]\nq = {draw(VALUES)}{draw(ENDS)}{draw(NOTES)}"
    text = text if draw(st.booleans()) else text.rstrip("\n")
    return text.replace("\n", "\r\n") if draw(st.integers(0, 5)) == 0 else text


NEW = Server("https://new.example", "new", PEM)
EDITS: dict[str, Callable[[Path], None]] = {
    "add": lambda path: add_server(path, NEW),
    "remove first": lambda path: remove_server(path, "n0"),
    "remove second": lambda path: remove_server(path, "n1"),
    "edit": lambda path: edit_server(path, "n0", Server("http://h0:80", "n0", PEM)),
    "default": lambda path: set_default_server(path, "n0"),
    "token": lambda path: set_token(path, "a.b.c"),
}


@given(text=documents(), name=st.sampled_from(sorted(EDITS)))
def test_whatever_the_file_one_edit_changes_just_that(
    tmp_path_factory: pytest.TempPathFactory, text: str, name: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "cli.toml"
    path.write_bytes(text.encode())
    before = tomllib.loads(text)
    servers = before.get("server_configs", [])
    if name != "token" and len(servers) < 2:
        return

    EDITS[name](path)

    written = path.read_bytes().decode()
    after = tomllib.loads(written)
    notes_before, notes_after = text.count("# note"), written.count("# note")
    if name.startswith("remove"):
        del servers[0 if name == "remove first" else 1]
        assert notes_before - notes_after <= 12  # those between the lines of that server
    else:
        assert notes_before == notes_after
    if name == "add":
        key = {"host": "new.example", "protocol": "https", "nickname": "new", "ecdsa_public_key": PEM}
        servers.append(key)
    elif name == "edit":
        servers[0]["ecdsa_public_key"] = PEM
    elif name == "default":
        before["default_server"] = "n0"
    elif name == "token":
        before["spacetimedb_token"] = "a.b.c"
    assert after == before
    if not name.startswith("remove"):
        remaining = iter(written.splitlines())
        assert all(line in remaining for line in text.splitlines() if line.strip())
    assert ("\r\n" in written) == ("\r\n" in text)
    assert not list(path.parent.glob(".cli*"))
