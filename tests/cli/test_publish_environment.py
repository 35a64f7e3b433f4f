"""``stdbpy publish`` of a module that declares values of its database's environment."""

from __future__ import annotations

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
    ],
)
def test_wrong_usage(run: Run, service: str, options: list[str], said: str) -> None:
    refused = run("publish", *options)
    assert refused.code == 2
    assert said in refused.err
