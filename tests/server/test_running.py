"""The server as it runs: starting, stopping, what it keeps, whom it turns away."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from stdbpy.api import ApiClient
from stdbpy.engine.limits import Limits
from stdbpy.errors import (
    ApiError,
    CannotListen,
    DataDirectoryError,
    Forbidden,
    NotFound,
    ReducerFailed,
    ServerUnreachable,
    UsageError,
)
from stdbpy.module.package import ModuleSource, pack
from stdbpy.server import RunningServer, ServerConfig
from stdbpy.server.owner import OWNER_TOKEN
from tests.guests import guest

COUNTER = b"""
from stdbpy import ReducerContext, client_connected, reducer, table, u64

@table(name="counter", public=True)
class Counter:
    number: u64

@reducer
def count(ctx: ReducerContext, number: u64):
    ctx.db.counter.insert(Counter(number))
"""

PICKY = (
    COUNTER
    + b"""
from stdbpy import ReducerError

@client_connected
def greet(ctx: ReducerContext):
    raise ReducerError("members only")
"""
)

BUGGY = (
    COUNTER
    + b"""
@reducer
def fail(ctx: ReducerContext):
    {}["secret of the module"]
"""
)


def package(code: bytes) -> bytes:
    return pack(ModuleSource({"counter.py": code}, "counter"))


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with RunningServer() as running:
        yield running


@pytest.fixture
def api(server: RunningServer) -> Iterator[ApiClient]:
    with ApiClient(server.url, server.owner_token) as client:
        yield client


def numbers(api: ApiClient, database: str) -> list[int]:
    [result] = api.sql(database, "SELECT * FROM counter")
    return sorted(number for [number] in result.rows)


class TestStarting:
    def test_it_answers_at_once(self, server: RunningServer):
        with ApiClient(server.url) as api:
            assert api.health().package_name == "stdbpy"

    def test_it_is_gone_afterwards(self):
        with RunningServer() as running:
            url = running.url
        with ApiClient(url) as api, pytest.raises(ServerUnreachable):
            api.ping()

    def test_several_at_once(self):
        with RunningServer() as one, RunningServer() as two:
            assert one.url != two.url
            with ApiClient(two.url, one.owner_token) as api, pytest.raises(ApiError):
                api.ping()

    def test_a_port_that_is_taken(self, server: RunningServer):
        address = server.url.removeprefix("http://")
        with pytest.raises(CannotListen) as caught, RunningServer(ServerConfig(listen_addr=address)):
            pass
        assert address in caught.value.message
        assert "--listen-addr" in caught.value.hint

    @pytest.mark.parametrize("address", ["192.0.2.1:0", "no-such-host.invalid:3000"])
    def test_an_address_of_another_machine(self, address: str):
        with pytest.raises(CannotListen), RunningServer(ServerConfig(listen_addr=address)):
            pass

    def test_what_is_no_address(self):
        with pytest.raises(UsageError), RunningServer(ServerConfig(listen_addr="here")):
            pass

    def test_ipv6(self):
        with RunningServer(ServerConfig(listen_addr="[::1]:0")) as running, ApiClient(running.url) as api:
            api.ping()
            assert running.url.startswith("http://[::1]:")

    def test_stopping_does_not_wait_for_those_who_follow_a_log(self):
        with RunningServer() as running, ApiClient(running.url, running.owner_token) as api:
            api.publish(package(COUNTER), "counter")
            followed = api.logs("counter", 1, follow=True)
            next(followed)
            stopping = threading.Thread(target=running.__exit__, args=(None, None, None))
            stopping.start()
            assert list(followed) == []
            stopping.join(timeout=30)
            assert not stopping.is_alive()


class TestDataDirectory:
    def test_databases_and_tokens_are_kept(self, tmp_path: Path):
        config = ServerConfig(listen_addr="127.0.0.1:0", data_dir=tmp_path / "data")
        with RunningServer(config) as running, ApiClient(running.url, running.owner_token) as api:
            somebody = api.create_identity()
            api.publish(package(COUNTER), "counter")
            api.call("counter", "count", [7])
            before = api.info("counter")
        with RunningServer(config) as running:
            assert running.owner_token == (tmp_path / "data" / OWNER_TOKEN).read_text()
            with ApiClient(running.url, running.owner_token) as api:
                assert api.info("counter") == before
                assert numbers(api, "counter") == [7]
            with ApiClient(running.url, somebody.token) as api:
                assert api.verify(somebody.identity)

    def test_secrets_can_be_read_by_their_owner_alone(self, tmp_path: Path):
        with RunningServer(ServerConfig(listen_addr="127.0.0.1:0", data_dir=tmp_path)) as running:
            for path in (tmp_path / OWNER_TOKEN, tmp_path / "keys" / "id_ecdsa"):
                assert stat.S_IMODE(path.stat().st_mode) == 0o600
            token = running.owner_token
        others = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != OWNER_TOKEN]
        assert not any(token.encode() in path.read_bytes() for path in others)

    def test_one_that_is_in_use(self, tmp_path: Path):
        config = ServerConfig(listen_addr="127.0.0.1:0", data_dir=tmp_path)
        with RunningServer(config), pytest.raises(DataDirectoryError), RunningServer(config):
            pass

    def test_in_memory_keeps_keys_alone(self, tmp_path: Path):
        config = ServerConfig(listen_addr="127.0.0.1:0", data_dir=tmp_path, in_memory=True)
        with RunningServer(config) as running, ApiClient(running.url, running.owner_token) as api:
            api.publish(package(COUNTER), "counter")
            token = running.owner_token
        with RunningServer(config) as running, ApiClient(running.url, token) as api:
            assert api.databases_of(running.backend.owner.identity) == []


class TestSignals:
    SCRIPT = """
import sys
from stdbpy.server import ServerConfig, serve
serve(ServerConfig(listen_addr="127.0.0.1:0"), on_ready=lambda url: print(url, flush=True))
print("ended", flush=True)
"""

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_it_ends_cleanly(self, number: signal.Signals):
        command = [sys.executable, "-c", self.SCRIPT]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            with ApiClient(url) as api:
                api.ping()
            os.kill(process.pid, number)
            output, errors = process.communicate(timeout=20)
        assert (process.returncode, output, errors) == (0, "ended\n", "")


class TestWhomItTurnsAway:
    @pytest.mark.parametrize("host", ["evil.example", "192.168.0.1:3000"])
    def test_other_hosts(self, server: RunningServer, host: str):
        answer = httpx.get(f"{server.url}/v1/ping", headers={"host": host}, trust_env=False, verify=False)
        assert answer.status_code == 403
        assert host.split(":")[0] in answer.text

    @pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
    def test_other_web_pages(self, server: RunningServer, method: str):
        headers = {"origin": "https://evil.example"}
        answer = httpx.request(method, f"{server.url}/v1/identity", headers=headers, trust_env=False)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers

    def test_listed_hosts_and_pages_pass(self):
        config = ServerConfig(
            listen_addr="127.0.0.1:0", allowed_hosts=("dev.example",), allow_origins=("https://game.example",)
        )
        with RunningServer(config) as running:
            headers = {"host": "dev.example", "origin": "https://game.example"}
            assert (
                httpx.get(f"{running.url}/v1/ping", headers=headers, trust_env=False, verify=False).status_code == 200
            )

    def test_websockets_of_other_web_pages(self, server: RunningServer):
        headers = {
            "connection": "upgrade",
            "upgrade": "websocket",
            "sec-websocket-version": "13",
            "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
            "sec-websocket-protocol": "v2.bsatn.spacetimedb",
        }
        url = f"{server.url}/v1/database/x/subscribe"
        assert httpx.get(url, headers=headers, trust_env=False, verify=False).status_code == 404
        for name, value in (("origin", "https://evil.example"), ("host", "evil.example")):
            away = httpx.get(url, headers={**headers, name: value}, trust_env=False, verify=False)
            assert away.status_code == 403

    def test_bodies_that_never_end(self, server: RunningServer):
        """A body of no given length is read up to the limit and no further."""

        def chunks() -> Iterator[bytes]:
            while True:
                yield b"x" * 65536

        try:
            answer = httpx.post(
                f"{server.url}/v1/database/x/sql",
                content=chunks(),
                headers={"authorization": f"Bearer {server.owner_token}"},
                trust_env=False,
                verify=False,
            )
        except (httpx.WriteError, httpx.ReadError):
            return  # it hung up in the middle, which is as good
        assert answer.status_code in {404, 413}


class TestPythonModules:
    def test_the_servers_owner_may_publish_them(self, api: ApiClient):
        api.publish(package(COUNTER), "mine")
        api.call("mine", "count", [1])
        assert numbers(api, "mine") == [1]

    def test_nobody_else_may(self, server: RunningServer):
        with ApiClient(server.url) as anonymous:
            token = anonymous.create_identity().token
            with pytest.raises(Forbidden, match="only the identity that started it") as caught:
                anonymous.publish(package(COUNTER), "theirs")
            assert caught.value.hint.startswith("Its token is in the server's data directory")
        with ApiClient(server.url, token) as somebody:
            with pytest.raises(Forbidden, match="only the identity that started it"):
                somebody.publish(package(COUNTER))
            with pytest.raises(NotFound):
                somebody.info("theirs")

    def test_where_other_machines_reach_the_server(self):
        address = "0.0.0.0:0"
        for allowed in (False, True):
            config = ServerConfig(listen_addr=address, allow_native=allowed)
            with RunningServer(config) as running:
                url = running.url.replace("0.0.0.0", "127.0.0.1")
                with ApiClient(url, running.owner_token) as api:
                    if allowed:
                        api.publish(package(COUNTER), "counter")
                        continue
                    with pytest.raises(Forbidden, match="Other machines can reach this server") as caught:
                        api.publish(package(COUNTER), "counter")
                    assert caught.value.hint.startswith("Start it with --allow-native")

    def test_a_compiled_module_that_does_not_end(self):
        declared = "@reducer\ndef endless(ctx: ReducerContext) -> None: ...\n"
        config = ServerConfig(listen_addr="127.0.0.1:0", limits=Limits(seconds=0.1))
        with RunningServer(config) as running, ApiClient(running.url, running.owner_token) as api:
            api.publish(guest(declared, {"endless": ["(loop $again (br $again))"]}), "sample")
            with pytest.raises(ReducerFailed, match=r"endless was stopped: it ran for more than 0\.1 seconds"):
                api.call("sample", "endless", [])

    def test_webassembly_that_is_no_module(self, api: ApiClient):
        with pytest.raises(ApiError, match="imports nothing of SpacetimeDB"):
            api.publish(b"\0asm\1\0\0\0", "wasm")

    @pytest.mark.parametrize(
        ("code", "words"),
        [
            (b"def broken(:\n", "counter.py:1"),
            (b"import no_such_thing\n", "no_such_thing"),
            (COUNTER + b'@table(name="counter")\nclass Again:\n    n: u64\n', "counter"),
        ],
    )
    def test_problems_are_told_with_their_place(self, api: ApiClient, code: bytes, words: str):
        with pytest.raises(ApiError) as caught:
            api.publish(package(code), "broken")
        assert caught.value.status == 400
        assert words in caught.value.message

    def test_a_module_that_turns_clients_away(self, api: ApiClient):
        api.publish(package(PICKY), "picky")
        for act in (lambda: api.call("picky", "count", [1]), lambda: api.sql("picky", "SELECT * FROM counter")):
            with pytest.raises(Forbidden, match="members only"):
                act()

    def test_the_traceback_of_a_bug_in_a_reducer_is_for_the_log_alone(self, api: ApiClient):
        api.publish(package(BUGGY), "buggy")
        with pytest.raises(ApiError) as caught:
            api.call("buggy", "fail")
        assert caught.value.status == 530
        assert caught.value.message == "KeyError: 'secret of the module'"
        assert any("Traceback" in json.dumps(record.raw) for record in api.logs("buggy"))

    def test_calls_of_many_clients_at_once(self, server: RunningServer, api: ApiClient):
        api.publish(package(COUNTER), "busy")

        def call(start: int) -> None:
            with ApiClient(server.url) as client:
                for number in range(start, start + 25):
                    client.call("busy", "count", [number])

        threads = [threading.Thread(target=call, args=(start,)) for start in range(0, 200, 25)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert numbers(api, "busy") == list(range(200))


def test_large_results_come_whole(api: ApiClient):
    api.publish(package(COUNTER), "large", clear=True)
    for start in range(0, 5000, 1000):
        values = ", ".join(f"({number})" for number in range(start, start + 1000))
        api.sql("large", f"INSERT INTO counter (number) VALUES {values}")
    assert numbers(api, "large") == list(range(5000))


class TestStrangeRequests:
    """Bytes that no client sends by itself: each gets an answer or a closed connection, and the
    server goes on."""

    @pytest.mark.parametrize(
        "request_bytes",
        [
            b"\x16\x03\x01\x02\x00\x01\x00\x01",
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\nhost: localhost\r\n\r\n",
            b"GET /v1/ping HTTP/1.1\r\n\r\n",
            b"GET /v1/ping HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n\r\n",
            b"GET /v1/database/%ff HTTP/1.1\r\nhost: localhost\r\n\r\n",
            b"GET /v1/database/%00 HTTP/1.1\r\nhost: localhost\r\n\r\n",
            b"GET /v1/database/" + b"a" * 20_000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n",
            b"GET /v1/ping?token=" + b"%" * 500 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n",
            b"POST /v1/database/x/call/y HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
            b"POST /v1/database/x/call/y HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999999999999999\r\n\r\n",
            b"PUT /v1/database/x HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            b"POST /v1/database/x/sql HTTP/1.1\r\nhost: localhost\r\ncontent-type: \xff\xfe\r\n\r\n",
            b"GET /v1/ping HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer \xff\xfe\r\n\r\n",
        ],
    )
    def test_the_server_goes_on(self, server: RunningServer, api: ApiClient, request_bytes: bytes):
        port = int(server.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(request_bytes)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(65536)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 4")
        api.ping()
