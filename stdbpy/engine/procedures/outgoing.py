"""The requests that become of one that a procedure sends: itself, and those that redirects ask for.

As the real 2.8.3 does it, which was tried: a POST that is redirected with 301 or 302 becomes a GET, and so does
everything but HEAD with 303; then it has no body, nor the headers that tell of one. Other servers are told no
secrets. Where a request comes from stands in ``referer``.
"""

from __future__ import annotations

import re
from urllib.parse import quote

import httpx

from stdbpy.errors import HttpFailed
from stdbpy.schema.http import HttpRequestHead

_IN_AUTHORITIES = re.compile(r"[!$-;=@-_a-z~]*")
_IN_PATHS = re.compile(r'[!"$-;=@-_a-z{|}~\x7f-\U0010ffff]*')
_IN_QUERIES = re.compile(r"[!$-;=?-~\x7f-\U0010ffff]*")
"""What the real server takes there; a fragment, which is not sent, may have anything."""

_DOTS = re.compile(r"(?<=/)(?:%2e|\.){1,2}(?=/|$)", re.IGNORECASE)
_NOT_ASCII = re.compile(r"[\x7f-\U0010ffff]+")
_LAST_PORT = 65535
_VERSIONS = {"1.0", "1.1"}

_KEEPING_METHOD, _CHANGING_POST, _GETTING = frozenset({307, 308}), frozenset({301, 302}), 303

_OF_BODIES = ("content-length", "transfer-encoding")
"""Headers that are made for the body that there is."""

_ABOUT_BODIES = (*_OF_BODIES, "content-type", "content-encoding")
_SECRETS = ("authorization", "cookie", "cookie2", "proxy-authorization", "www-authenticate")


class Outgoing:
    """A request that can be sent."""

    def __init__(self, method: str, url: httpx.URL, headers: httpx.Headers, body: bytes) -> None:
        self.method = method
        self.url = url
        self._headers = headers
        self._body = body

    @classmethod
    def of(cls, head: HttpRequestHead, body: bytes) -> Outgoing:
        """Raises ``HttpFailed`` for what is no request."""
        try:
            url = httpx.URL(_written_out(head.uri))
            is_whole = bool(url.scheme and url.host)
            headers = httpx.Headers([(name.encode("ascii"), value) for name, value in head.headers])
        except (httpx.InvalidURL, ValueError) as error:
            raise HttpFailed(f"builder error: {error}") from None
        if not is_whole:
            raise HttpFailed("builder error: relative URL without a base")
        if not _is_http(url):
            raise HttpFailed(f"builder error for url ({shown(url)}): URL scheme is not allowed")
        if (url.port or 0) > _LAST_PORT:
            raise HttpFailed("builder error: invalid port number")
        if head.version not in _VERSIONS and url.scheme == "http":
            raise HttpFailed(f"error sending request for url ({shown(url)}): HTTP {head.version} is not supported")
        headers.setdefault("accept", "*/*")
        for name in _OF_BODIES:
            headers.pop(name, None)
        return cls(head.method, url, headers, body)

    def request(self, timeout: float) -> httpx.Request:
        """``timeout`` is for each step, in seconds."""
        extensions = {"timeout": httpx.Timeout(timeout).as_dict()}
        request = httpx.Request(
            self.method, self.url, headers=self._headers, content=self._body or None, extensions=extensions
        )
        request.method = self.method  # in small letters it is another one
        if not self._body:
            request.headers.pop("content-length", None)
        return request

    def redirected(self, response: httpx.Response) -> Outgoing | None:
        """What a response asks for instead, if it does and that can be asked for."""
        url = self._redirected_to(response)
        if url is None:
            return None
        method, headers, body = self.method, self._headers.copy(), self._body
        status = response.status_code
        if (status in _CHANGING_POST and method == "POST") or status == _GETTING:
            method = "HEAD" if method == "HEAD" else "GET"
            body = b""
            for name in _ABOUT_BODIES:
                headers.pop(name, None)
        if (url.scheme, url.host, url.port) != (self.url.scheme, self.url.host, self.url.port):
            for name in (*_SECRETS, "host"):
                headers.pop(name, None)
        if not (self.url.scheme == "https" and url.scheme == "http"):
            headers["referer"] = str(self.url.copy_with(fragment=None, userinfo=b""))
        return Outgoing(method, url, headers, body)

    def _redirected_to(self, response: httpx.Response) -> httpx.URL | None:
        if response.status_code not in {*_KEEPING_METHOD, *_CHANGING_POST, _GETTING}:
            return None
        try:
            url = self.url.join(response.headers["location"])
            is_whole = _is_http(url) and url.host
        except (KeyError, httpx.InvalidURL, ValueError):
            return None
        return url if is_whole and (url.port or 0) <= _LAST_PORT else None


def _written_out(uri: str) -> str:
    """With the characters and the path that are sent. Raises ``HttpFailed``."""
    whole, _, _ = uri.partition("#")
    before, mark, query = whole.partition("?")
    scheme, colon, rest = before.partition("://")
    authority, slash, path = rest.partition("/")
    if not (
        _IN_AUTHORITIES.fullmatch(scheme + authority) and _IN_PATHS.fullmatch(path) and _IN_QUERIES.fullmatch(query)
    ):
        raise HttpFailed("invalid uri character")
    path = _DOTS.sub(lambda dots: dots[0].lower().replace("%2e", "."), f"{slash}{path}".replace("\\", "/"))
    query = query.replace("'", "%27")
    return f"{scheme}{colon}{authority}{_in_ascii(path)}{mark}{_in_ascii(query)}"


def _in_ascii(text: str) -> str:
    return _NOT_ASCII.sub(lambda found: quote(found[0]), text)


def shown(url: httpx.URL) -> str:
    """Without what may be a secret."""
    return str(url.copy_with(query=None, fragment=None, userinfo=b""))


def _is_http(url: httpx.URL) -> bool:
    return url.scheme in {"http", "https"}
