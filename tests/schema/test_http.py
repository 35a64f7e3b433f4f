from __future__ import annotations

import pytest

from stdbpy.errors import DecodeError
from stdbpy.sats.values import TimeDuration
from stdbpy.schema.http import HttpRequestHead, HttpResponseHead


def test_a_request_is_laid_out_as_hosts_and_modules_of_spacetimedb_do() -> None:
    request = HttpRequestHead("PUT", "http://x/", (("a", b"\xff"),), TimeDuration(1), "2")
    assert (
        request.encode()
        == bytes.fromhex(
            "03"  # method
            "01000000" + "0100000061" + "01000000ff"  # headers
            "00" + "0100000000000000"  # timeout
            "09000000" + b"http://x/".hex() + "03"  # uri, version
        )
    )
    assert HttpRequestHead.decode(request.encode()) == request


def test_methods_of_other_names_are_extensions() -> None:
    request = HttpRequestHead("PURGE", "http://x/")
    assert request.encode()[:10] == bytes.fromhex("09" + "05000000") + b"PURGE"
    assert HttpRequestHead.decode(request.encode()) == request


def test_a_response_is_laid_out_as_hosts_and_modules_of_spacetimedb_do() -> None:
    response = HttpResponseHead(404, (("a", b"1"), ("a", b"2")))
    pair = "0100000061" + "01000000"
    assert response.encode() == bytes.fromhex("02000000" + pair + "31" + pair + "32" + "02" + "9401")
    assert HttpResponseHead.decode(response.encode()) == response


@pytest.mark.parametrize("read", [HttpRequestHead.decode, HttpResponseHead.decode])
def test_what_is_neither_is_refused(read: object) -> None:
    assert callable(read)
    with pytest.raises(DecodeError):
        read(b"\xff\xff")
