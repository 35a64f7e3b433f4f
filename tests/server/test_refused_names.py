"""Names that no database can have: the refusal says which one would do."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from stdbpy.server import RunningServer

HINT = "\nhint: Perhaps 'my-game'."


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with RunningServer() as server:
        yield server


@pytest.mark.parametrize(
    ("method", "path", "before"),
    [
        ("GET", "/v1/database/My_Game", "Invalid URL: 'My_Game' cannot be"),
        ("PUT", "/v1/database/My_Game", "Invalid URL: 'My_Game' cannot be"),
        ("POST", "/v1/database?parent=My_Game", "The query cannot be read: 'My_Game' cannot be"),
    ],
)
def test_the_nearest_name(server: RunningServer, method: str, path: str, before: str):
    answer = httpx.request(method, server.url + path, headers={"authorization": f"Bearer {server.owner_token}"})
    assert answer.status_code == 400
    assert answer.text.startswith(before)
    assert answer.text.endswith(HINT)
