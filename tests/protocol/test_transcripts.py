"""What real servers sent, recorded: decoded, told alike in both ways, and encoded to the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdbpy.protocol import incoming as i
from stdbpy.protocol.dialect import dialect_for
from stdbpy.protocol.handshake import V3
from stdbpy.protocol.table_names import TableNames
from stdbpy.protocol.v1 import neutral as v1_neutral
from stdbpy.protocol.v1 import reading as v1_reading
from stdbpy.protocol.v2 import neutral as v2_neutral
from stdbpy.protocol.v2 import reading as v2_reading
from tests.protocol.messages_again import encoded_again, messages_of, not_compressed
from tests.protocol.recording import TRANSCRIPTS, Transcript

PATHS = sorted(TRANSCRIPTS.glob("*.json"))


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def transcript(request: pytest.FixtureRequest) -> Transcript:
    path: Path = request.param
    return Transcript.read(path)


def test_there_are_transcripts_of_every_version_and_compression() -> None:
    names = " ".join(path.stem for path in PATHS)
    for part in ("1.2.0-v1-", "2.8.3-v1-", "2.8.3-v1json-", "2.8.3-v2-", "2.8.3-v3-", "-none", "-gzip", "-brotli"):
        assert part in names


def test_messages_are_encoded_as_the_server_did(transcript: Transcript) -> None:
    for frame in transcript.frames:
        assert encoded_again(transcript.subprotocol, frame) == not_compressed(frame)


def test_the_short_way_tells_what_the_messages_tell(transcript: Transcript) -> None:
    dialect = dialect_for(transcript.subprotocol)
    for frame in transcript.frames:
        told: list[i.Incoming] = []
        for message in messages_of(transcript.subprotocol, frame):
            if transcript.subprotocol.startswith("v1"):
                told.append(v1_neutral.told_by(message, 1 << 20))
            else:
                told += v2_neutral.told_by(message)
        assert dialect.decode(frame) == told


def test_messages_with_rows_go_the_short_way(transcript: Transcript) -> None:
    if isinstance(transcript.frames[0], str):
        pytest.skip("JSON has none")
    readers = v1_reading.READERS if transcript.subprotocol.startswith("v1") else v2_reading.READERS
    read = 0
    for frame in transcript.frames:
        body = not_compressed(frame)
        assert isinstance(body, bytes)
        reader = readers.get(body[1])
        if reader is not None and not _is_refusal(dialect_for(transcript.subprotocol).decode(body)):
            _, end = reader(body, 2, TableNames())
            assert end == len(body) or (transcript.subprotocol == V3 and end < len(body))
            read += 1
    assert read


def _is_refusal(told: list[i.Incoming]) -> bool:
    return any(isinstance(each, i.ReducerResult) and isinstance(each.outcome, i.Refused | i.Failed) for each in told)
