"""Websockets against servers that are none, hang, or send what they should not."""

from __future__ import annotations

import asyncio
import base64
import datetime
import hashlib
import ipaddress
import ssl
import struct

import pytest

from stdbpy.client.transport.socket import Closure, Opening, OpeningRefused, SocketSettings, open_socket


class Hearer:
    """Writes down what a socket tells."""

    def __init__(self):
        self.socket = None
        self.messages = []
        self.caught_up_after = []
        self.closure = None
        self.news = asyncio.Event()

    def opened(self, socket):
        assert self.socket is None
        self.socket = socket

    def message(self, data):
        assert self.socket is not None
        assert self.closure is None
        self.messages.append(data)
        self.news.set()

    def caught_up(self):
        self.caught_up_after.append(len(self.messages))

    def closed(self, closure):
        assert self.closure is None
        self.closure = closure
        self.news.set()

    async def until(self, holds):
        while not holds():
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), 60)


def frame(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    """As a server sends it (RFC 6455, section 5.2)."""
    size = len(payload)
    head = bytes([opcode | 0x80 * fin])
    if size < 126:
        return head + bytes([size]) + payload
    return head + (struct.pack(">BH", 126, size) if size < 65536 else struct.pack(">BQ", 127, size)) + payload


class Serving:
    """A server that answers the handshake, then sends ``data`` in one go and listens."""

    def __init__(self, data: bytes = b"", *, answer: bytes | None = None, hangs_up: bool = False) -> None:
        self.data = data
        self.answer = answer
        self.hangs_up = hangs_up
        self.heard = b""
        self.request = b""

    tls: ssl.SSLContext | None = None

    async def __aenter__(self):
        self._writers, self._tasks = [], set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *exc):
        for writer in self._writers:
            writer.transport.abort()
        self._server.close()
        await self._server.wait_closed()
        await asyncio.wait(self._tasks)

    async def _serve(self, reader, writer):
        self._writers.append(writer)
        self._tasks.add(asyncio.current_task())
        self.request = await reader.readuntil(b"\r\n\r\n")
        if self.answer is not None:
            writer.write(self.answer)
        else:
            headers = dict(line.split(": ", 1) for line in self.request.decode().split("\r\n")[1:-2])
            headers = {name.lower(): value for name, value in headers.items()}
            key = headers["sec-websocket-key"].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
            accept = base64.b64encode(hashlib.sha1(key).digest())
            chosen = headers["sec-websocket-protocol"].split(", ")[0].encode()
            writer.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept + b"\r\nSec-WebSocket-Protocol: " + chosen + b"\r\n\r\n" + self.data
            )
        if self.hangs_up:
            writer.close()
            return
        try:
            while data := await reader.read(65536):
                self.heard += data
                if data[0] == 0x88:  # the client closes
                    break
        except OSError:
            pass
        writer.close()


def opening(port: int) -> Opening:
    return Opening(f"ws://127.0.0.1:{port}/path", ("v2", "v1"), (("Authorization", "Bearer secret"),))


def hear(library: str, serving: Serving, check, **settings) -> None:
    async def main() -> None:
        hearer = Hearer()
        async with serving:
            await open_socket(opening(serving.port), hearer, SocketSettings(library=library, **settings))
            try:
                await check(hearer)
            finally:
                hearer.socket.close()
                await hearer.socket.wait_closed()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_messages_in_frames_are_joined(library):
    data = (
        frame(2, b"whole")
        + frame(2, b"a", fin=False)
        + frame(9, b"are you there?")
        + frame(0, b"b", fin=False)
        + frame(0, b"", fin=False)
        + frame(0, b"c" * 70_000)
        + frame(1, "Zoë".encode()[:3], fin=False)
        + frame(0, "Zoë".encode()[3:])
        + frame(2, b"")
    )

    async def check(hearer):
        await hearer.until(lambda: len(hearer.messages) == 4)
        assert hearer.messages == [b"whole", b"ab" + b"c" * 70_000, "Zoë", b""]
        assert hearer.socket.subprotocol == "v2"
        assert hearer.caught_up_after[-1] == 4

    serving = Serving(data)
    hear(library, serving, check)
    assert b"Authorization: Bearer secret" in serving.request
    assert serving.heard[0] == 0x8A  # the answer to its ping


def test_a_message_may_have_many_frames(library):
    piece = b"x" * 4096
    data = frame(2, piece, fin=False) + frame(0, piece, fin=False) * 6000 + frame(0, b"end")

    async def check(hearer):
        await hearer.until(lambda: hearer.messages)
        assert hearer.messages == [piece * 6001 + b"end"]

    hear(library, Serving(data), check)


@pytest.mark.parametrize(
    ("data", "refused"),
    [
        (frame(0, b"no beginning"), 1002),
        (frame(2, b"a", fin=False) + frame(2, b"b"), 1002),
        (frame(3, b"reserved"), 1002),
        (frame(2, b"x" * 2000), 1009),
        (b"".join([frame(2, b"x" * 600, fin=False), frame(0, b"y" * 600)]), 1009),
        (frame(1, b"\xff\xfe"), 1007),
        (frame(2, b"")[:1] + b"\x7f" + b"\x7f" * 8, 1009),
    ],
)
def test_what_is_no_websocket_ends_it(library, data, refused):
    async def check(hearer):
        await hearer.until(lambda: hearer.closure is not None)
        assert hearer.messages == []
        assert hearer.closure.refused == refused

    hear(library, Serving(data), check, max_message_size=1000)


def test_how_the_server_closes(library):
    async def check(hearer):
        await hearer.until(lambda: hearer.closure is not None)
        assert hearer.closure == Closure(4000, "held")

    hear(library, Serving(frame(8, struct.pack(">H", 4000) + b"held")), check)


def test_a_server_that_breaks_off(library):
    async def check(hearer):
        await hearer.until(lambda: hearer.closure is not None)
        assert hearer.messages == [b"one"]
        assert hearer.closure == Closure(None, "the connection broke off")

    hear(library, Serving(frame(2, b"one") + frame(2, b"two")[:3], hangs_up=True), check)


def test_what_is_sent_arrives_in_order_and_nothing_after_closing(library):
    async def check(hearer):
        for number in range(100):
            hearer.socket.send(b"%d" % number)
        hearer.socket.send("text")
        hearer.socket.close()
        hearer.socket.send(b"late")
        await hearer.until(lambda: hearer.closure is not None)

    serving = Serving()
    hear(library, serving, check)
    assert len(unmasked(serving.heard)) == 102
    assert unmasked(serving.heard)[:2] == [(2, b"0"), (2, b"1")]
    assert unmasked(serving.heard)[100] == (1, b"text")
    assert unmasked(serving.heard)[101][0] == 8


def unmasked(data: bytes) -> list[tuple[int, bytes]]:
    frames = []
    while data:
        size = data[1] & 0x7F
        mask, payload = data[2:6], data[6 : 6 + size]
        frames.append((data[0] & 15, bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))))
        data = data[6 + size :]
    return frames


@pytest.mark.parametrize(
    ("answer", "hangs_up", "kind"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope", False, OpeningRefused),
        (b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", False, OpeningRefused),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", True, OSError),
        (b"", True, OSError),
        (b"HTTP/1.1 101 Switching", True, OSError),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", False, OSError),
        (b"", False, TimeoutError),
    ],
)
def test_what_is_no_websocket_at_all(library, answer, hangs_up, kind):
    async def main() -> None:
        async with Serving(answer=answer, hangs_up=hangs_up) as serving:
            settings = SocketSettings(library=library, open_timeout=0.2 if kind is TimeoutError else 60)
            with pytest.raises(kind) as caught:
                await open_socket(opening(serving.port), Hearer(), settings)
            assert "secret" not in repr(caught.value)
            if kind is OpeningRefused and b"404" in answer:
                assert (caught.value.status, caught.value.body) == (404, "nope")
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_a_cancelled_opening_leaves_nothing(library):
    async def main() -> None:
        async with Serving(answer=b"") as serving:
            attempt = asyncio.create_task(open_socket(opening(serving.port), Hearer(), SocketSettings(library=library)))
            while not serving.request:
                await asyncio.sleep(0)
            attempt.cancel()
            with pytest.raises(asyncio.CancelledError):
                await attempt
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_no_token_gets_into_the_log(library, caplog):
    async def check(hearer):
        await hearer.until(lambda: hearer.messages == [b"x"])

    with caplog.at_level(1):
        hear(library, Serving(frame(2, b"x")), check)
    assert "secret" not in caplog.text


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A file with a key and its certificate for 127.0.0.1, which trusts itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_tls(library, certificate):
    async def main() -> None:
        serving = Serving(frame(2, b"x" * 100_000))
        serving.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        serving.tls.load_cert_chain(certificate)
        trusting = ssl.create_default_context(cafile=str(certificate))
        async with serving:
            url = f"wss://127.0.0.1:{serving.port}/"
            hearer = Hearer()
            settings = SocketSettings(library=library, ssl=trusting)
            await open_socket(Opening(url, ("v2",)), hearer, settings)
            await hearer.until(lambda: hearer.messages == [b"x" * 100_000])
            hearer.socket.close()
            await hearer.socket.wait_closed()
            with pytest.raises(ssl.SSLError):
                await open_socket(Opening(url, ("v2",)), Hearer(), SocketSettings(library=library))

    asyncio.run(main())
