"""Servers to measure against: each in a process of its own, as it is in life."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from stdbpy.api import ApiClient
from stdbpy.module.package import pack, source_of_folder
from stdbpy.server import ServerConfig, serve
from stdbpy.server.owner import OWNER_TOKEN
from tests import real_servers

_MODULES = Path(__file__).parent.parent.parent / "tests" / "modules"


@dataclass(frozen=True)
class Running:
    url: str
    token: str
    """Of the server's owner, or of somebody who may publish there."""


@contextmanager
def real(version: str) -> Iterator[Running]:
    with real_process(version) as (running, _):
        yield running


@contextmanager
def real_process(version: str) -> Iterator[tuple[Running, int]]:
    """The server, and the number of its process."""
    with real_servers.running(version) as server, ApiClient(server.url) as api:
        yield Running(server.url, api.create_identity().token), server.process_id


@contextmanager
def embedded(*, in_memory: bool) -> Iterator[Running]:
    with embedded_process(in_memory=in_memory) as (running, _):
        yield running


@contextmanager
def embedded_process(*, in_memory: bool) -> Iterator[tuple[Running, int]]:
    """The server, and the number of its process."""
    spawning = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="stdbpy-bench-") as folder:
        config = ServerConfig(listen_addr="127.0.0.1:0", data_dir=Path(folder), in_memory=in_memory)
        ours, theirs = spawning.Pipe()
        process = spawning.Process(target=_serve, args=(config, theirs))
        process.start()
        try:
            url = ours.recv()
            assert process.pid is not None
            yield Running(url, (Path(folder) / OWNER_TOKEN).read_text()), process.pid
        finally:
            process.terminate()
            process.join()


def _serve(config: ServerConfig, address: Connection) -> None:
    serve(config, on_ready=address.send)


def python_module(name: str) -> bytes:
    """A module of the tests, as the embedded server takes it."""
    return pack(source_of_folder(_MODULES / name))
