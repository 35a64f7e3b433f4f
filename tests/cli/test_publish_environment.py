"""``stdbpy publish`` of a module that declares values of its database's environment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stdbpy.api import ApiClient
from stdbpy.server import RunningServer
from tests.cli.conftest import Run
from tests.cli.test_publish import module_of

DECLARED = """

from stdbpy import environment


@environment
class Env:
    API_KEY: str
    LOG_LEVEL: str | None
"""


@pytest.fixture
def service(chat_project: str) -> str:
    """The name of a database whose module declares values."""
    module = module_of(chat_project)
    module.write_text(module.read_text() + DECLARED)
    return chat_project


def test_values_come_from_the_environment(
    run: Run, service: str, server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = run("publish")
    assert missing.code == 1
    assert "are not there: API_KEY" in missing.err
    assert "API_KEY=... stdbpy publish" in missing.err

    monkeypatch.setenv("API_KEY", "s3cret")
    monkeypatch.setenv("LOG_LEVEL", "info")
    published = run("publish")
    assert (published.code, published.err) == (0, "From the environment: API_KEY, LOG_LEVEL\n")
    assert "s3cret" not in published.out

    with ApiClient(server.url, server.owner_token) as api:
        assert "to be unset" in run("publish", "--unset-env", "LOG_LEVEL").err
        monkeypatch.delenv("LOG_LEVEL")
        assert run("publish").code == 0
        assert api.environment(service).stored == ("API_KEY", "LOG_LEVEL")
        assert run("publish", "--unset-env", "LOG_LEVEL").code == 0
        assert api.environment(service).stored == ("API_KEY",)
        api.change_environment(service, {"OLD": "x"})
        assert run("publish", "--replace-env").code == 0
        assert api.environment(service).stored == ("API_KEY",)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--unset-env", "A-B"], "no name of a value"),
        (["--unset-env", "A", "--replace-env"], "exclude one another"),
        (["--env-only", "--dry-run", "--abi", "10.6"], "it excludes --abi, --dry-run"),
        (["--env-only", "--delete-data", "always"], "it excludes --delete-data"),
    ],
)
def test_wrong_usage(run: Run, service: str, options: list[str], said: str) -> None:
    refused = run("publish", *options)
    assert refused.code == 2
    assert said in refused.err


def test_values_alone(
    run: Run, service: str, server: RunningServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("API_KEY", "s3cret")
    assert run("publish").code == 0
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with ApiClient(server.url, server.owner_token) as api:
        before = api.environment(service)

        monkeypatch.setenv("API_KEY", "another")
        monkeypatch.setenv("LOG_LEVEL", "info")
        published = run("publish", service, "--env-only", "--format", "json")
        assert (published.code, published.err) == (0, "From the environment: API_KEY, LOG_LEVEL\n")
        [record] = json.loads(published.out)
        assert (record["op"], record["name"]) == ("updated", service)
        assert api.environment_values(service) == {"API_KEY": "another", "LOG_LEVEL": "info"}

        monkeypatch.delenv("LOG_LEVEL")
        assert run("publish", service, "--env-only", "--unset-env", "LOG_LEVEL", "--unset-env", "NEVER_SET").code == 0
        assert api.environment_values(service) == {"API_KEY": "another"}
        api.change_environment(service, {"OLD": "x"})
        assert run("publish", service, "--env-only", "--replace-env").code == 0
        assert api.environment_values(service) == {"API_KEY": "another"}
        monkeypatch.delenv("API_KEY")
        assert "API_KEY" in run("publish", service, "--env-only", "--replace-env").err
        assert api.environment(service).module_hash == before.module_hash


def test_looking_at_them(run: Run, service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "s3cret")
    monkeypatch.setenv("LOG_LEVEL", "info")
    assert run("publish").code == 0
    assert json.loads(run("env", "list", "--format", "json").out) == [
        {"key": "API_KEY", "value": "s3cret"},
        {"key": "LOG_LEVEL", "value": "info"},
    ]
    assert run("env", "get", "API_KEY").out == run("env", "get", service, "API_KEY").out == "s3cret\n"
    missing = run("env", "get", "API_KEYS")
    assert (missing.code, missing.out) == (1, "")
    assert "has no value 'API_KEYS'" in missing.err
    assert run("env", "get", service, "API_KEY", "MORE").code == 2


def test_strangers_see_none(run: Run, service: str, server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_KEY", "s3cret")
    assert run("publish").code == 0
    with ApiClient(server.url) as api:
        monkeypatch.setenv("STDBPY_TOKEN", api.create_identity().token)
    refused = run("env", "list", service)
    assert refused.code == 1
    assert "s3cret" not in refused.out + refused.err
