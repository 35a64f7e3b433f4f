"""What a server does not import before somebody needs it: a start takes half as long again with all of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LATER = (
    "jwt",
    "cryptography.x509",
    "websockets",
    "wasmtime",
    "httpx",
    "stdbpy.api.results",
    "stdbpy.engine.host_python",
    "stdbpy.engine.host_wasm",
    "stdbpy.engine.sql",
    "stdbpy.server.websocket.endpoint",
)

_LISTED = """
import sys
from pathlib import Path
from stdbpy.server import RunningServer, ServerConfig

config = ServerConfig(listen_addr="127.0.0.1:0", data_dir=Path(sys.argv[1]))
with RunningServer(config):
    print(*(name for name in sys.argv[2:] if name in sys.modules))
"""


def test_a_server_that_has_its_keys_starts_with_little(tmp_path: Path) -> None:
    def imported() -> list[str]:
        command = [sys.executable, "-c", _LISTED, str(tmp_path), *LATER]
        return subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()

    assert imported() == ["jwt", "cryptography.x509"], "the owner's token is signed at the first start"
    assert imported() == []
