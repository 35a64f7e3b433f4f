"""Conversations with the real servers in every subprotocol and compression that they have.

``STDBPY_UPDATE_SNAPSHOTS=1`` writes them into ``transcripts/``.
"""

from __future__ import annotations

import os

import httpx
import pytest

from stdbpy.protocol import incoming as i
from stdbpy.protocol.dialect import dialect_for
from stdbpy.protocol.handshake import V1, V1_JSON, V2, V3
from stdbpy.protocol.options import CompressionName
from tests.protocol.messages_again import encoded_again, not_compressed
from tests.protocol.recording import CONVERSATIONS, TRANSCRIPTS, record
from tests.real_servers import RealServer, wasm

pytestmark = pytest.mark.real

COMPRESSIONS: tuple[CompressionName, ...] = ("none", "gzip", "brotli")

CASES = [
    *(("1.2.0", "quickstart_chat", V1, compression) for compression in COMPRESSIONS),
    ("1.2.0", "quickstart_chat", V1_JSON, "none"),
    *(("2.8.3", "quickstart_chat", V1, compression) for compression in COMPRESSIONS),
    *(("2.8.3", "quickstart_chat", V2, compression) for compression in COMPRESSIONS),
    *(("2.8.3", "quickstart_chat", V3, compression) for compression in COMPRESSIONS),
    ("2.8.3", "quickstart_chat", V1_JSON, "gzip"),
    *(("2.8.3", "sdk_test_event_table", subprotocol, "none") for subprotocol in (V1, V1_JSON, V2, V3)),
    *(("2.8.3", "sdk_test_procedure", subprotocol, "none") for subprotocol in (V1, V1_JSON, V2, V3)),
]


@pytest.mark.parametrize(("version", "module", "subprotocol", "compression"), CASES)
def test_every_frame_is_understood_and_encoded_as_it_came(
    request: pytest.FixtureRequest, version: str, module: str, subprotocol: str, compression: CompressionName
) -> None:
    server: RealServer = request.getfixturevalue("real_server" if version == "2.8.3" else "old_real_server")
    database = f"conversation-{module.replace('_', '-')}-{subprotocol[:7].replace('.', '-')}-{compression}"
    program = wasm(f"{module}-{'1.2.0' if module == 'quickstart_chat' else version}")
    answer = httpx.put(
        f"{server.url}/v1/database/{database}", content=program, trust_env=False, verify=False, timeout=60
    )
    assert answer.is_success, answer.text

    transcript = record(server.url, database, subprotocol, compression, CONVERSATIONS[module])

    dialect = dialect_for(subprotocol)
    told = [each for frame in transcript.frames for each in dialect.decode(frame)]
    assert isinstance(told[0], i.IdentityReceived)
    for frame in transcript.frames:
        assert encoded_again(subprotocol, frame) == not_compressed(frame)
    if compression != "none" and module == "quickstart_chat" and subprotocol != V1_JSON:
        assert any(frame[0] for frame in transcript.frames)
    if os.environ.get("STDBPY_UPDATE_SNAPSHOTS"):
        short = subprotocol.removesuffix(".spacetimedb").replace(".bsatn", "").replace(".", "")
        transcript.write(TRANSCRIPTS / f"{version}-{short}-{module}-{compression}.json")
