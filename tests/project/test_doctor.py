"""What the doctor finds, each in a home and a folder of its own."""

from __future__ import annotations

import base64
import json
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from stdbpy import __version__
from stdbpy.api import ApiClient
from stdbpy.codegen import HEADER_MARKER, generate
from stdbpy.project.build import build
from stdbpy.project.cli_toml import Server
from stdbpy.project.credentials import CredentialStore
from stdbpy.project.discover import discover
from stdbpy.project.doctor import Circumstances, Finding, examine
from stdbpy.project.doctor.installation import EXTRAS
from stdbpy.project.generated import write_package
from stdbpy.project.templates import create_project
from stdbpy.server import RunningServer
from tests.cli.stub_server import answering, http
from tests.real_servers import RealServer

FREE = "http://127.0.0.1:9"
"""Nobody listens there."""


class Place:
    """A user's files, and what the doctor finds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "here"
        self.folder.mkdir()
        self.cli_toml = folder / "cli.toml"
        self.credentials = CredentialStore(folder / "credentials.json")

    def all(self, **circumstances: str) -> list[Finding]:
        return list(examine(Circumstances(self.folder, self.cli_toml, self.credentials, **circumstances)))

    def about(self, subject: str, **circumstances: str) -> Finding:
        (finding,) = (each for each in self.all(**circumstances) if each.subject == subject)
        return finding


@pytest.fixture(autouse=True)
def nobody_at_the_default_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever runs on the machine that tests run on."""
    monkeypatch.setattr("stdbpy.project.servers.LOCAL", Server(FREE, "local"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def chat(place: Place) -> Place:
    """A project as `init` makes it."""
    create_project("chat", place.folder / "chat")
    place.folder /= "chat"
    return place


@pytest.fixture(scope="module")
def embedded() -> RunningServer:
    with RunningServer() as running:
        yield running


def token(**claims: object) -> str:
    parts = ({"alg": "ES256", "typ": "JWT"}, {"iss": "localhost", "sub": "somebody", **claims})
    return ".".join(
        [*(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), "x"]
    )


def test_nothing_is_there_and_nothing_is_wrong(place: Place) -> None:
    found = place.all()
    assert {(each.subject, each.level.value) for each in found} >= {
        ("cli.toml", "ok"),
        ("project", "ok"),
        ("token", "ok"),
    }
    assert [each for each in found if each.level == "error"] == []
    assert list(place.folder.iterdir()) == []
    assert not place.cli_toml.exists()


# --- installation ----------------------------------------------------------------------------


def test_versions(place: Place) -> None:
    assert place.about("stdbpy").message == f"stdbpy {__version__}"
    assert place.about("python").message.startswith("Python 3.")


def test_an_extra_that_is_missing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    required = [
        "httpx>=0.27",
        'pyarrow>=17; extra == "arrow"',
        'wasmtime>=30; extra == "server"',
        f'of-others; sys_platform != "{sys.platform}" and extra == "server"',
    ]

    def distribution(name: str) -> SimpleNamespace:
        if name not in ("stdbpy", "wasmtime"):
            raise metadata.PackageNotFoundError(name)
        return SimpleNamespace(requires=required)

    monkeypatch.setattr("stdbpy.project.doctor.installation.distribution", distribution)
    finding = place.about("stdbpy[arrow]")
    assert (finding.level, finding.fix) == ("ok", 'pip install "stdbpy[arrow]"')
    assert "pyarrow" in finding.message
    assert place.about("stdbpy[server]").message == "installed"


def test_every_extra_is_looked_at() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    assert EXTRAS.keys() == project["optional-dependencies"].keys()


def test_not_installed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def distribution(name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr("stdbpy.project.doctor.installation.distribution", distribution)
    assert place.about("stdbpy").level == "warning"


# --- configuration ---------------------------------------------------------------------------


def test_a_broken_cli_toml(place: Place) -> None:
    place.cli_toml.write_text('default_server = "local\n')
    finding = place.about("cli.toml")
    assert finding.level == "error"
    assert f"{place.cli_toml}:1" in finding.message
    assert place.about("server").level == "warning"  # the rest is examined all the same


@pytest.mark.parametrize(("mode", "level"), [(0o644, "warning"), (0o600, "ok")])
def test_who_may_read_the_login(place: Place, mode: int, level: str) -> None:
    place.cli_toml.write_text(f'spacetimedb_token = "{token()}"\n')
    place.cli_toml.chmod(mode)
    finding = place.about("cli.toml")
    assert finding.level == level
    assert finding.fix == ("" if level == "ok" else f"chmod 600 '{place.cli_toml}'")
    assert place.cli_toml.stat().st_mode & 0o777 == mode


def test_who_could_read_the_tokens(place: Place) -> None:
    place.credentials.save("http://127.0.0.1:4000", token())
    assert place.about("tokens").message == f"{place.credentials.path}: of 1 server"
    place.credentials.path.chmod(0o644)
    assert place.about("tokens").level == "warning"
    assert place.about("tokens").level == "ok"  # reading them mends it


def test_damaged_tokens(place: Place) -> None:
    place.credentials.path.write_text("{")
    place.credentials.path.chmod(0o600)
    assert place.about("tokens").level == "error"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("spacetime.json", '{"database": }', "spacetime.json:1"),
        ("pyproject.toml", "[tool.stdbpy]\ndatabase = 1\n", "pyproject.toml:2"),
    ],
)
def test_broken_files_of_a_project(place: Place, name: str, text: str, said: str) -> None:
    (place.folder / name).write_text(text)
    finding = place.about("project")
    assert finding.level == "error"
    assert said in finding.message


def test_layers(place: Place) -> None:
    (place.folder / "spacetime.json").write_text('{"database": "chat", "server": "local"}')
    (place.folder / "spacetime.staging.json").write_text('{"database": "chat-staging"}')
    assert place.about("project").message == f"{place.folder.resolve()}: spacetime.json (chat)"
    finding = place.about("project", env="staging")
    assert finding.message == f"{place.folder.resolve()}: spacetime.json, spacetime.staging.json (chat-staging)"


# --- modules and generated code --------------------------------------------------------------


def test_a_module_that_builds(chat: Place) -> None:
    finding = chat.about("module")
    assert finding.level == "ok"
    assert finding.message.startswith("chat builds (")


def test_a_module_with_a_mistake(chat: Place) -> None:
    (chat.folder / "chat" / "module.py").write_text("import nothing_that_there_is\n")
    finding = chat.about("module")
    assert (finding.level, finding.fix) == ("error", "stdbpy build")
    assert "nothing_that_there_is" in finding.message
    assert "chat/module.py:1" in finding.message
    assert not any(each.subject == "generated code" for each in chat.all())


def test_a_compiled_module_that_is_not_there(place: Place) -> None:
    (place.folder / "spacetime.json").write_text('{"database": "chat", "bin-path": "module.wasm"}')
    assert place.about("module").level == "error"


def test_a_module_in_another_language(place: Place) -> None:
    (place.folder / "spacetime.json").write_text('{"database": "chat"}')
    (place.folder / "spacetimedb").mkdir()
    (place.folder / "spacetimedb" / "Cargo.toml").write_text('[package]\nname = "chat"\n')
    finding = place.about("module")
    assert finding.level == "ok"
    assert "is not written in Python" in finding.message


def test_code_that_has_nothing_to_do_with_stdbpy_is_not_run(place: Place) -> None:
    (place.folder / "pyproject.toml").write_text('[project]\nname = "tool"\n')
    (place.folder / "tool.py").write_text('open("was_run", "w")\n')
    assert "module" not in {each.subject for each in place.all()}
    assert not (place.folder / "was_run").exists()
    (place.folder / "tool.py").write_text("from stdbpy import table\n")
    assert "module" in {each.subject for each in place.all()}


def test_generated_code(chat: Place) -> None:
    finding = chat.about("generated code")
    assert (finding.level, finding.fix) == ("warning", "stdbpy generate")
    package = chat.folder / "module_bindings"
    write_package(generate(build(discover(chat.folder)).schema), package, marker=HEADER_MARKER)
    assert chat.about("generated code").level == "ok"
    tables = package / "tables.py"
    tables.write_text(f"{tables.read_text()}\n")
    assert chat.about("generated code").message.endswith("is not up to date: tables.py")
    (package / "tables.py").write_text("# mine\n")
    assert chat.about("generated code").level == "error"


# --- the server ------------------------------------------------------------------------------


def test_no_server_runs_where_nobody_named_one(place: Place) -> None:
    finding = place.about("server")
    assert (finding.level, finding.fix) == ("warning", "stdbpy start")


@pytest.mark.parametrize("by", ["the user", "cli.toml", "the project"])
def test_no_server_runs_where_somebody_named_one(place: Place, by: str) -> None:
    if by == "cli.toml":
        place.cli_toml.write_text(
            'default_server = "mine"\n[[server_configs]]\nnickname = "mine"\nhost = "127.0.0.1:9"\nprotocol = "http"\n'
        )
    elif by == "the project":
        (place.folder / "spacetime.json").write_text(f'{{"database": "chat", "server": "{FREE}"}}')
    finding = place.about("server", **({"server": FREE} if by == "the user" else {}))
    assert finding.level == "error"
    assert FREE in finding.message


def test_a_server_that_nobody_knows(place: Place) -> None:
    finding = place.about("server", server="maincluod")
    assert (finding.level, finding.fix) == ("error", "Did you mean 'maincloud'?")


def test_the_embedded_server(place: Place, embedded: RunningServer) -> None:
    finding = place.about("server", server=embedded.url)
    assert finding.level == "ok"
    assert "is the embedded server of stdbpy" in finding.message


@pytest.mark.parametrize(
    ("version", "level"),
    [("2.8.3", "ok"), ("1.2.0", "ok"), ("2.1.0", "ok"), ("1.1.9", "warning"), ("3.0.0", "warning"), ("x", "warning")],
)
def test_versions_of_servers(place: Place, version: str, level: str) -> None:
    body = json.dumps({"version": version, "package_name": "spacetimedb-client-api"}).encode()
    with answering(http(200, body, "application/json")) as url:
        finding = place.about("server", server=url)
    assert finding.level == level
    assert f"is SpacetimeDB {version}" in finding.message


def test_what_is_no_spacetimedb(place: Place) -> None:
    with answering(http(200, b"<html></html>", "text/html")) as url:
        assert place.about("server", server=url).level == "error"


@pytest.mark.parametrize(("minutes", "said"), [(10, "ahead of"), (-10, "behind"), (0, None)])
def test_clocks(place: Place, minutes: int, said: str | None) -> None:
    date = (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    body = b'{"version": "2.8.3", "package_name": "spacetimedb-client-api"}'
    with answering(http(200, body, "application/json", headers=f"date: {date}\r\n")) as url:
        findings = [each for each in place.all(server=url) if each.subject == "clock"]
    assert [each.level for each in findings] == ([] if said is None else ["warning"])
    assert said is None or said in findings[0].message


def test_a_fingerprint_of_another_server(place: Place, embedded: RunningServer) -> None:
    host = embedded.url.partition("://")[2]
    entry = f'[[server_configs]]\nnickname = "my own"\nhost = "{host}"\nprotocol = "http"\necdsa_public_key = '
    place.cli_toml.write_text(f'{entry}"of another one"\n')
    finding = place.about("fingerprint", server="my own")
    assert (finding.level, finding.fix) == ("warning", "stdbpy server fingerprint 'my own'")
    with ApiClient(embedded.url) as api:
        place.cli_toml.write_text(f"{entry}{json.dumps(api.public_key())}\n")
    assert "fingerprint" not in {each.subject for each in place.all(server="my own")}


# --- the token -------------------------------------------------------------------------------


def test_no_token(place: Place, embedded: RunningServer) -> None:
    finding = place.about("token", server=embedded.url)
    assert finding.level == "ok"
    assert "you are nobody there yet" in finding.message


def test_a_token_that_the_server_takes(place: Place, embedded: RunningServer) -> None:
    with ApiClient(embedded.url) as api:
        created = api.create_identity()
    place.credentials.save(embedded.url, created.token)
    stored, chosen = (
        place.about("token", server=embedded.url),
        place.about("token", server=embedded.url, token=embedded.owner_token),
    )
    assert (stored.level, stored.message) == ("ok", f"{embedded.url} takes you for {created.identity.hex()}")
    assert (chosen.level, chosen.message == stored.message) == ("ok", False)


def test_a_token_of_a_server_that_was_reset(place: Place, embedded: RunningServer) -> None:
    with RunningServer() as before:
        place.credentials.save(embedded.url, before.owner_token)
    finding = place.about("token", server=embedded.url)
    assert finding.level == "error"
    assert "another server made it" in finding.message
    assert "--renew" in finding.fix


def test_an_expired_token(place: Place) -> None:
    finding = place.about("token", server=FREE, token=token(exp=1_700_000_000))
    assert (finding.level, finding.fix) == ("error", "stdbpy login")
    assert "expired on 2023-11-14 22:13 UTC" in finding.message


@pytest.mark.parametrize("expiry", [None, "soon", 1e300])
def test_a_token_that_does_not_say_when_it_ends(place: Place, expiry: object) -> None:
    finding = place.about("token", server=FREE, token=token(exp=expiry))
    assert finding.level == "ok"
    assert "nobody answers who could check it" in finding.message


def test_what_is_no_token(place: Place) -> None:
    assert place.about("token", server=FREE, token="dummy").level == "error"


def test_no_token_is_told(place: Place, embedded: RunningServer) -> None:
    secrets = [embedded.owner_token, token(), token(exp=1)]
    told = repr([place.all(server=url, token=each) for url in (embedded.url, FREE) for each in secrets])
    assert not any(secret.split(".")[1] in told for secret in secrets)


@pytest.mark.real
def test_the_real_server(place: Place, real_server: RealServer) -> None:
    assert place.about("server", server=real_server.url).message == f"{real_server.url} is SpacetimeDB 2.8.3"
    with ApiClient(real_server.url) as api:
        assert api.health().clock is not None
        created = api.create_identity()
    finding = place.about("token", server=real_server.url, token=created.token)
    assert (finding.level, created.identity.hex() in finding.message) == ("ok", True)
    with RunningServer() as other:
        assert place.about("token", server=real_server.url, token=other.owner_token).level == "error"


@pytest.mark.real
def test_the_old_real_server(place: Place, old_real_server: RealServer) -> None:
    assert place.about("server", server=old_real_server.url).level == "ok"
    with ApiClient(old_real_server.url) as api:
        created = api.create_identity()
    assert place.about("token", server=old_real_server.url, token=created.token).level == "ok"
