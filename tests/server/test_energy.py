"""Energy balances, which are forgotten when the server ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdbpy.api import ApiClient
from stdbpy.server import RunningServer, ServerConfig


@pytest.mark.difference("energy balances")
def test_balances_are_not_kept(tmp_path: Path) -> None:
    config = ServerConfig(listen_addr="127.0.0.1:0", data_dir=tmp_path)
    balances = []
    for amount in (5, 7):
        with RunningServer(config) as server, ApiClient(server.url, server.owner_token) as api:
            identity = server.backend.owner.identity
            balances.append(api.add_energy(identity, amount))
    assert balances == [5, 7]
