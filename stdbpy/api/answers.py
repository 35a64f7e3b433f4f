"""Reading answers: JSON into typed values, and refusals into errors with the next thing to try."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from stdbpy.api.exchange import Response
from stdbpy.api.names import NAME_RULE
from stdbpy.errors import (
    FATAL_ERROR,
    ApiError,
    Forbidden,
    NotFound,
    ReducerFailed,
    TokenRejected,
    UnexpectedAnswer,
    without_backtrace,
)
from stdbpy.sats.values import Identity

T = TypeVar("T")

OK = 200
NO_CONTENT = 204
BAD_REQUEST = 400
UNAUTHORIZED = 401
PAYMENT_REQUIRED = 402
FORBIDDEN = 403
NOT_FOUND = 404
CONFLICT = 409
TOO_LARGE = 413
TOO_MANY = 429
SERVER_ERROR = 500
BAD_GATEWAY = 502
UNAVAILABLE = 503
GATEWAY_TIMEOUT = 504
REDUCER_FAILED = 530

_REFUSED = ("the server refused", "")
_SERVER_FAILED = ("the server failed", "The server's own log may say more.")
_NO_SERVER_BEHIND = (
    "what stands in front of the server got no answer from it",
    "Does the server run? Try again in a moment.",
)
_OTHER_STATUSES = {
    PAYMENT_REQUIRED: (
        "the call was stopped, as it has no energy left",
        "Does it end? A server stops what computes for a minute or so. Where energy is paid for, the owner adds some.",
    ),
    CONFLICT: (
        "the server says that something else was faster",
        "Look at the database as it is now, then try again.",
    ),
    TOO_LARGE: ("the server takes no request this large", "Send it in smaller parts."),
    TOO_MANY: ("the server takes no more requests for now", "Wait a little, then try again."),
    BAD_GATEWAY: _NO_SERVER_BEHIND,
    UNAVAILABLE: ("the server cannot do it at this moment", "Try again in a moment."),
    GATEWAY_TIMEOUT: _NO_SERVER_BEHIND,
}
_OF_PROXIES = {UNAUTHORIZED, FORBIDDEN, TOO_LARGE, TOO_MANY, BAD_GATEWAY, UNAVAILABLE, GATEWAY_TIMEOUT}
"""With these a web page may come from something in front of a SpacetimeDB; with others there is none."""

NOT_SPACETIMEDB = (
    "Is this the address of a SpacetimeDB server? Its address ends with the port, as in http://127.0.0.1:3000."
)

_NOT_OWNER = re.compile(
    r"does not own database|is not authorized to|Only owners are authorized|may not change this database"
)
"""What servers say, of several versions and the embedded one, whatever status they give it."""

_HINT = re.compile(r"^ *hint: (.+)$", re.MULTILINE)
"""How the embedded server adds to a refusal what to do about it, and about each problem in a module."""

_TLS_EXPECTED = re.compile(r"HTTP request (?:was sent )?to (?:an )?HTTPS", re.IGNORECASE)
"""What servers that expect TLS say to whoever speaks HTTP without it."""

_TITLE = re.compile(r"<title>(.*?)</title>", re.IGNORECASE | re.DOTALL)

_SHOWN = 300
"""Most characters of a server's own words in a message."""


def read_json(response: Response, shape: type[T]) -> T:
    """The body of a successful answer, which must have that shape.

    Raises :class:`UnexpectedAnswer` if it is no JSON, cut off, or of another shape.
    """
    expect_success(response)
    return parse_json(response, shape)


def parse_json(response: Response, shape: type[T]) -> T:
    """As :func:`read_json`, whatever the status."""
    try:
        return msgspec.json.decode(response.body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        kind = response.headers.get("content-type", "no content type")
        raise UnexpectedAnswer(
            f"the server's answer is not what SpacetimeDB gives: {error} ({kind}, {len(response.body)} bytes)",
            status=response.status,
            body=response.text,
            hint=NOT_SPACETIMEDB,
        ) from None


def read_identity(text: str, response: Response) -> Identity:
    try:
        return Identity.from_hex(text.strip())
    except ValueError as error:
        raise UnexpectedAnswer(
            f"the server's answer is no identity: {error}",
            status=response.status,
            body=response.text,
            hint=NOT_SPACETIMEDB,
        ) from None


def read_text(response: Response) -> str:
    expect_success(response)
    return response.body.decode("utf-8", "replace")


def not_spacetimedb(response: Response) -> UnexpectedAnswer:
    """The error for an answer that no SpacetimeDB gives, for all its good status."""
    said, _ = _in_short(response)
    return UnexpectedAnswer(
        f"{_who(response)} is no SpacetimeDB: {said}", status=response.status, body=response.text, hint=NOT_SPACETIMEDB
    )


def expect_success(response: Response) -> None:
    """Raises what :func:`refusal` makes of any other status than 200."""
    if response.status != OK:
        raise refusal(response)


def refusal(response: Response) -> ApiError:
    """The error that stands for an answer other than 200, by its status and text."""
    status, body = response.status, response.text
    said, hint_given = _in_short(response)
    is_json = "json" in response.headers.get("content-type", "")

    if 300 <= status < 400:
        target = response.headers.get("location", "another address")
        return UnexpectedAnswer(
            f"the server sends callers on to {target}", status=status, body=body, hint="Use that server's address."
        )
    if status == REDUCER_FAILED:
        return ReducerFailed(body or "the reducer failed", status=status, body=body)
    if _TLS_EXPECTED.search(body):
        return UnexpectedAnswer(f"{_who(response)} speaks TLS", status=status, body=body, hint="Use https:// .")
    if _is_page(response) and status not in _OF_PROXIES:
        return UnexpectedAnswer(
            f"{_who(response)} is no SpacetimeDB: {said}", status=status, body=body, hint=NOT_SPACETIMEDB
        )
    if (status == UNAUTHORIZED and not is_json) or "malformed token" in body:
        sentence, hint = _about_token(response)
        return TokenRejected(sentence, status=status, body=body, hint=hint)
    if status in {UNAUTHORIZED, FORBIDDEN} or _NOT_OWNER.search(body):
        sentence = f"the server does not allow it: {said}"
        return Forbidden(sentence, status=status, body=body, hint=hint_given or whose_rights(response))
    if status == NOT_FOUND:
        return _not_found(response)
    if status == SERVER_ERROR and FATAL_ERROR in body:
        return ApiError(said, status=status, body=body, hint=hint_given)
    sentence, hint = _OTHER_STATUSES.get(status, _SERVER_FAILED if status >= 500 else _REFUSED)
    if "database name" in body or "name of a database" in body:
        hint = NAME_RULE
    return ApiError(f"{sentence}: {said}", status=status, body=body, hint=hint_given or hint)


def _about_token(response: Response) -> tuple[str, str]:
    """Why the server does not take the token, and what to do, of several versions' ways to say it."""
    body, renew = response.text, f"stdbpy login --server-issued-login {response.server or 'SERVER'} --renew"
    if body == "Authorization required":
        return "this needs a token, and none was given", "Log in with `stdbpy login`, or give a token."
    if "InvalidSignature" in body:
        sentence = "the server does not take this token: another server made it, or this one was reset since"
        hint = f"`{renew}` gets one of this server for a new identity, which owns nothing yet."
        return sentence, f"{hint} Commands with --anonymous can do without."
    if "ExpiredSignature" in body:
        return "the server does not take this token: it has expired", "Log in again with `stdbpy login`."
    if "Error fetching public key for issuer" in body:
        issuer = body.partition("for issuer ")[2].split()[:1]
        return (
            f"the server cannot check this token: it does not reach who issued it, {' '.join(issuer)}",
            f"Get a token of this server with `{renew}`.",
        )
    if "InvalidToken" in body or "Json(" in body or "JSON error" in body or "malformed token" in body:
        return (
            "the server does not take this token: it is damaged, or no token at all",
            f"Was it copied whole and alone? `{renew}` gets a new one.",
        )
    said, _ = _in_short(response)
    return f"the server does not take this token: {said}", f"`{renew}` gets a new one."


def refusal_of_locked(response: Response, database: str | None) -> ApiError | None:
    """The error for a database that is locked against what was asked for; ``None`` if it is not."""
    if response.status != FORBIDDEN or "Database is locked" not in response.text:
        return None
    return Forbidden(
        f"the database {database!r} is locked: it can be neither deleted nor cleared",
        status=response.status,
        body=response.text,
        hint=f"If you mean it, unlock it first: stdbpy unlock {database}",
    )


def _who(response: Response) -> str:
    return f"what answers at {response.server}" if response.server else "what answers there"


def _is_page(response: Response) -> bool:
    kind = response.headers.get("content-type", "")
    return response.caller is None and ("html" in kind or response.text[:15].lower().startswith(("<!doctype", "<html")))


def whose_rights(response: Response) -> str:
    """The hint for what only the owner of the database may do."""
    who = f"You are {response.caller}. " if response.caller else ""
    return f"{who}Use the token of the database's owner."


def _not_found(response: Response) -> ApiError:
    # Below a database every route tells the caller's identity, also when the database is unknown:
    # without it, the route itself is what the server does not have.
    if response.caller is None and not response.body:
        return UnexpectedAnswer(
            "the server has no such route: it is older than this stdbpy expects, or no SpacetimeDB",
            status=response.status,
            hint=NOT_SPACETIMEDB,
        )
    said, hint = _in_short(response)
    return NotFound(said, status=response.status, body=response.text, hint=hint)


def _in_short(response: Response) -> tuple[str, str]:
    """What the answer says, on one line and not all of it if it is long; and the hints in it."""
    if _is_page(response):
        title = _TITLE.search(response.text)
        page = f"a web page, {' '.join(title[1].split())!r}" if title is not None else "a web page"
        return f"{page} (status {response.status})", ""
    hints = dict.fromkeys(hint.strip() for hint in _HINT.findall(response.text))
    text = _HINT.sub("", response.text)
    text = without_backtrace(" ".join(text.removeprefix("Invalid URL:").split()))
    if len(text) > _SHOWN:
        text = text[:_SHOWN] + "…"
    return text or f"status {response.status}", " ".join(hints)
