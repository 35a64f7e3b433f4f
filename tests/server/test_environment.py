"""Values of a database's environment over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from stdbpy.api import ApiClient
from stdbpy.errors import ApiError, Forbidden
from stdbpy.module.package import ModuleSource, pack
from stdbpy.schema import EnvironmentKind, EnvironmentValue
from stdbpy.schema.environment import EnvironmentUpdate
from stdbpy.server import RunningServer

MODULE = b"""
from typing import Literal

from stdbpy import *


@environment
class Env:
    API_KEY: str
    MODE: Literal["a", "b"] | None
    VERSION: Literal["1"] | None


@reducer
def say(ctx: ReducerContext, key: str) -> None:
    raise ReducerError(str(ctx.env.get(key)))
"""
PROGRAM = pack(ModuleSource({"service.py": MODULE}, "service"))
NAME = "service"


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with RunningServer() as server:
        yield server


@pytest.fixture
def api(server: RunningServer) -> Iterator[ApiClient]:
    with ApiClient(server.url, server.owner_token) as api:
        api.publish(PROGRAM, NAME, clear=True, environment=EnvironmentUpdate({"API_KEY": "k, 3y\n"}))
        yield api


@pytest.fixture
def raw(server: RunningServer, api: ApiClient) -> Iterator[httpx.Client]:
    base = f"{server.url}/v1/database"
    with httpx.Client(
        base_url=base, headers={"authorization": f"Bearer {server.owner_token}"}, trust_env=False, verify=False
    ) as client:
        yield client


def said(api: ApiClient, key: str) -> str:
    with pytest.raises(ApiError) as error:
        api.call(NAME, "say", [key])
    return error.value.body


def test_values_come_with_the_program(api: ApiClient) -> None:
    assert said(api, "API_KEY") == "k, 3y"  # and a newline, which answers are stripped of
    api.publish(PROGRAM, NAME, environment=EnvironmentUpdate({"MODE": "a"}))
    assert (said(api, "API_KEY"), said(api, "MODE")) == ("k, 3y", "a")
    api.publish(PROGRAM, NAME, environment=EnvironmentUpdate({"API_KEY": "new"}, removes_all=True))
    assert (said(api, "API_KEY"), said(api, "MODE")) == ("new", "None")


@pytest.mark.difference("values of a database's environment")
def test_what_is_told_of_them(api: ApiClient, raw: httpx.Client) -> None:
    api.change_environment(NAME, {"UNUSED": "x"})
    found = api.environment(NAME)
    assert found.stored == ("API_KEY", "UNUSED")
    assert found.declared == (
        EnvironmentValue("API_KEY"),
        EnvironmentValue("MODE", EnvironmentKind.UNION, ("a", "b"), optional=True),
        EnvironmentValue("VERSION", EnvironmentKind.LITERAL, ("1",), optional=True),
    )
    answer: Any = raw.get(f"{NAME}/environment").json()
    assert answer["declarations"] == [
        {"name": "API_KEY", "ty": "String", "optional": False},
        {"name": "MODE", "ty": {"Union": ["a", "b"]}, "optional": True},
        {"name": "VERSION", "ty": {"StringLiteral": "1"}, "optional": True},
    ]
    assert answer["module_hash"] == found.module_hash


def test_values_are_changed_without_publishing(api: ApiClient) -> None:
    api.change_environment(NAME, {"MODE": "b", "UNUSED": "x"})
    api.change_environment(NAME, {}, removed=["UNUSED"])
    assert (said(api, "MODE"), api.environment(NAME).stored) == ("b", ("API_KEY", "MODE"))
    api.set_environment(NAME, {"API_KEY": "é", "VERSION": "1"})
    assert (said(api, "API_KEY"), api.environment(NAME).stored) == ("é", ("API_KEY", "VERSION"))


def test_a_program_without_its_values_is_refused(raw: httpx.Client, api: ApiClient) -> None:
    answer = raw.put(NAME, params={"clear": "true"}, content=PROGRAM)
    assert (answer.status_code, answer.json()) == (
        400,
        {"EnvironmentError": {"MissingRequiredEnvironment": {"keys": ["API_KEY"]}}},
    )
    with pytest.raises(ApiError, match="needs values of its environment that are not there: API_KEY"):
        api.publish(PROGRAM, NAME, clear=True)
    assert said(api, "API_KEY") == "k, 3y"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("spacetime-environment", "MODE=c3cret")], 400),
        ([("spacetime-environment", "MODE=a c3cret")], 400),
        ([("spacetime-environment", "MODE=a"), ("spacetime-environment", "MODE=b")], 400),
        ([("spacetime-environment", "MODE=a"), ("spacetime-environment-remove", "MODE")], 400),
        ([("spacetime-environment-remove", "API_KEY")], 400),
        ([("spacetime-environment", "MODE=a"), ("spacetime-environment", "VERSION=1, OTHER=2")], 200),
    ],
)
def test_headers_of_publishing(raw: httpx.Client, headers: list[tuple[str, str]], status: int) -> None:
    answer = raw.put(NAME, headers=headers, content=PROGRAM)
    assert answer.status_code == status
    assert "c3cret" not in answer.text


def test_answers_to_updates(raw: httpx.Client) -> None:
    hash = {"expected_module_hash": raw.get(f"{NAME}/environment").json()["module_hash"]}
    answer = raw.put(f"{NAME}/environment", params=hash, json={})
    assert (answer.status_code, answer.json()) == (
        400,
        {"Err": {"MissingRequiredEnvironment": {"keys": ["API_KEY"]}}},
    )
    assert raw.patch(f"{NAME}/environment", params=hash, json={"MODE": "c"}).status_code == 400
    assert raw.patch(f"{NAME}/environment", params=hash, json={"MODE": 1}).status_code == 422
    assert raw.patch(f"{NAME}/environment", params=hash, content="{}").status_code == 415
    assert raw.patch(f"{NAME}/environment", json={}).status_code == 400
    assert (
        raw.patch(f"{NAME}/environment", params={"expected_module_hash": "0x" + 64 * "0"}, json={}).status_code == 409
    )
    everything = {"spacetime-environment-remove": "*"}
    assert raw.patch(f"{NAME}/environment", params=hash, json={}, headers=everything).status_code == 400
    answer = raw.patch(f"{NAME}/environment", params=hash, json={"MODE": "a"})
    assert (answer.status_code, answer.json()) == (200, {"Ok": None})


def test_only_the_owner_may(server: RunningServer, api: ApiClient) -> None:
    with ApiClient(server.url, api.create_identity().token) as other:
        with pytest.raises(Forbidden):
            other.environment(NAME)
        with pytest.raises(Forbidden):
            other.set_environment(NAME, {"API_KEY": "x"}, module_hash=api.environment(NAME).module_hash)
