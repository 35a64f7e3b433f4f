"""One database on each host, for all tests: each clears the tables that it uses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from stdbpy.api import ApiClient
from stdbpy.module.package import ModuleSource, pack
from stdbpy.server.config import ServerConfig
from stdbpy.server.run import RunningServer
from stdbpy.wasm.abi import AbiLevel
from stdbpy.wasm.build import build_wasm
from stdbpy.wasm.interpreter import BuildLimits
from tests.hosts.town import OLDER, Town, source


class Towns:
    """Servers, each started when the first test asks for it, and programs, each built once."""

    def __init__(self, request: pytest.FixtureRequest, stack: ExitStack) -> None:
        self._request = request
        self._stack = stack
        self._programs: dict[tuple[str, AbiLevel], bytes] = {}
        self._embedded: dict[bool, RunningServer] = {}
        """The embedded servers, by whether they are strict."""
        self._towns: dict[str, Town] = {}

    def on(self, host: str) -> Town:
        if host not in self._towns:
            self._towns[host] = self._founded(host)
        return self._towns[host]

    def _founded(self, host: str) -> Town:
        is_older = host in (OLDER, "1.2.0")
        entry = "town" if is_older else "city"
        level = AbiLevel.V10_0 if is_older else AbiLevel.V10_5
        url, token = self._server(host)

        def made(source: ModuleSource) -> bytes:
            return pack(source) if host in ("native", "strict") else self._built(source, level)

        program = made(source(entry))
        api = self._stack.enter_context(ApiClient(url, token, timeout=300))
        published = api.publish(program, None)
        return Town(host, url, token, entry, made, program, published.database_identity.hex(), api)

    def _built(self, source: ModuleSource, level: AbiLevel) -> bytes:
        key = repr((source.entry, sorted(source.files.items()))), level
        if key not in self._programs:
            cache = self._request.config.cache
            assert cache is not None
            limits = BuildLimits(seconds=120)
            built = build_wasm(source, abi=level, cache=Path(cache.mkdir("wasm")), limits=limits)
            self._programs[key] = built.program
        return self._programs[key]

    def _server(self, host: str) -> tuple[str, str]:
        if not host[0].isdigit():
            strict = host == "strict"
            if strict not in self._embedded:
                config = ServerConfig(listen_addr="127.0.0.1:0", allow_loopback_http=True, strict=strict)
                self._embedded[strict] = self._stack.enter_context(RunningServer(config))
            return self._embedded[strict].url, self._embedded[strict].owner_token
        url = self._request.getfixturevalue("old_real_server" if host == "1.2.0" else "real_server").url
        with ApiClient(url) as nobody:
            return url, nobody.create_identity().token


@pytest.fixture(scope="session")
def towns(request: pytest.FixtureRequest) -> Iterator[Towns]:
    with ExitStack() as stack:
        yield Towns(request, stack)


@pytest.fixture(scope="session")
def town(request: pytest.FixtureRequest, towns: Towns) -> Town:
    return towns.on(request.param)
