from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from stdbpy.errors import ConfigError
from stdbpy.project import cli_toml
from stdbpy.project.cli_toml import CliToml, Server
from stdbpy.project.paths import cli_toml_path
from stdbpy.project.servers import LOCAL, MAINCLOUD, known_servers, resolve_server
from tests.real_servers import program

SECRET_TOKEN = "eyJ0eXAi.secret.token"

CONFIG = f"""\
default_server = "staging"
web_session_token = "web"
spacetimedb_token = "{SECRET_TOKEN}"
added_by_a_later_version = [1, 2]

[[server_configs]]
nickname = "staging"  # ours
host = "stdb.example.com"
protocol = "https"
ecdsa_public_key = "..."

[[server_configs]]
host = "10.0.0.5:3000"
protocol = "http"
"""


@pytest.fixture
def config(tmp_path: Path) -> CliToml:
    path = tmp_path / "cli.toml"
    path.write_text(CONFIG)
    return cli_toml.read(path)


def test_a_missing_file_says_nothing(home: Path) -> None:
    config = cli_toml.read()

    assert config == CliToml(home / ".config/spacetime/cli.toml")
    assert not config.path.exists()
    assert resolve_server(None, config) == LOCAL


def test_the_file_lies_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert cli_toml_path() == tmp_path / "xdg/spacetime/cli.toml"
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative/is/void")
    assert cli_toml_path() == home / ".config/spacetime/cli.toml"


def test_reads_servers_default_and_token(config: CliToml) -> None:
    assert config.servers == (
        Server("https://stdb.example.com", "staging"),
        Server("http://10.0.0.5:3000", None),
    )
    assert config.default_server == "staging"
    assert config.token == SECRET_TOKEN
    assert SECRET_TOKEN not in repr(config)


@pytest.mark.parametrize(
    ("word", "server"),
    [
        (None, Server("https://stdb.example.com", "staging")),
        ("staging", Server("https://stdb.example.com", "staging")),
        ("stdb.example.com", Server("https://stdb.example.com", "staging")),
        ("https://stdb.example.com/", Server("https://stdb.example.com", "staging")),
        ("10.0.0.5:3000", Server("http://10.0.0.5:3000")),
        ("local", LOCAL),
        ("maincloud", MAINCLOUD),
        ("http://127.0.0.1:3000", LOCAL),
        ("127.0.0.1:3000", LOCAL),
        ("localhost:4000", Server("http://localhost:4000")),
        ("[::1]:4000", Server("http://[::1]:4000")),
        ("https://other.example/below", Server("https://other.example/below")),
    ],
)
def test_what_a_word_means(config: CliToml, word: str | None, server: Server) -> None:
    assert resolve_server(word, config) == server


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        ("stagin", "no server is called 'stagin'", "Did you mean 'staging'?"),
        ("", "no server is called ''", "Give its address (http://…) or one of: staging, local, maincloud."),
        ("example.org", "no server is called 'example.org'", "Give its address (http://…)"),
        ("example.org:80", "example.org:80 does not say how to speak to it", "Write https://example.org:80"),
        ("ftp://example.org", "'ftp://example.org' is not the address of a server", "An address looks like"),
        ("http://:80", "'http://:80' is not the address of a server", "An address looks like"),
    ],
)
def test_a_word_that_means_no_server(config: CliToml, word: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve_server(word, config)

    assert caught.value.message.startswith(message)
    assert caught.value.hint.startswith(hint)


def test_a_nickname_of_the_file_goes_before_a_built_in_one(tmp_path: Path) -> None:
    own = Server("http://127.0.0.1:9000", "local")
    config = CliToml(tmp_path / "cli.toml", (own,))

    assert known_servers(config) == (own, MAINCLOUD)
    assert resolve_server("local", config) == own


def test_a_default_that_is_no_server_is_an_error(tmp_path: Path) -> None:
    config = CliToml(tmp_path / "cli.toml", default_server="gone")

    with pytest.raises(ConfigError, match=r"cli\.toml: default_server is 'gone', but no server there"):
        resolve_server(None, config)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('default_server = "a"\nbroken', r":2: not valid TOML: Expected '=' after a key"),
        ('default_server = "a\nspacetimedb_token = "b"', ":1: not valid TOML: Illegal character"),
        ("a = " + "[" * 10_000, "is nested too deeply"),
        ("default_server = 3", "default_server must be a string"),
        ("spacetimedb_token = 3", "spacetimedb_token must be a string"),
        ("server_configs = 3", "server_configs must be tables"),
        ('[[server_configs]]\nhost = "x"', "server_configs 1, protocol is missing"),
        ('[[server_configs]]\nprotocol = "http"', "server_configs 1, host is missing"),
        ('[[server_configs]]\nhost = "x"\nprotocol = "gopher"', "server_configs 1, 'gopher://x' is not the address"),
        ('[[server_configs]]\nhost = ["x"]\nprotocol = "http"', "server_configs 1, host must be a string"),
    ],
)
def test_a_broken_file_says_what_is_wrong_and_stays(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "cli.toml"
    path.write_text(text)

    with pytest.raises(ConfigError, match=message) as caught:
        cli_toml.read(path)

    assert str(path) in caught.value.message
    assert path.read_text() == text


def test_a_file_that_is_not_text_or_no_file(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ConfigError, match="is not UTF-8"):
        cli_toml.read(tmp_path / "binary")
    with pytest.raises(ConfigError, match="cannot be read"):
        cli_toml.read(tmp_path)


@pytest.mark.real
def test_reads_what_the_official_program_writes(tmp_path: Path) -> None:
    path = tmp_path / "cli.toml"
    command = [str(program("spacetimedb-cli-2.8.3")), "--config-path", str(path), "server"]
    subprocess.run([*command, "add", "--url", "http://127.0.0.1:4567", "--no-fingerprint", "mine"], check=True)
    subprocess.run([*command, "set-default", "mine"], check=True)

    config = cli_toml.read(path)

    assert resolve_server(None, config) == Server("http://127.0.0.1:4567", "mine")
    assert set(known_servers(config)) == {LOCAL, MAINCLOUD, Server("http://127.0.0.1:4567", "mine")}
