"""Names and identities of databases.

A name is lower-case letters and digits, in groups joined by single hyphens
(``crates/client-api-messages/src/name.rs`` of SpacetimeDB 2.8.3); what reads as an identity is none.
"""

from __future__ import annotations

import re
import uuid

import blake3

from stdbpy.errors import InvalidName
from stdbpy.sats.values import Identity

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PREFIX = b"\xc2\x00"
_ISSUER = "localhost"


def check_name(name: str) -> str:
    """The name itself. Raises ``InvalidName`` if it breaks the rules."""
    if _NAME.fullmatch(name) and as_identity(name) is None:
        return name
    if not name:
        reason = "it is empty"
    elif as_identity(name) is not None:
        reason = "it is an identity"
    elif re.fullmatch(r"[a-z0-9-]+", name):
        reason = "hyphens stand between letters or digits, one at a time"
    else:
        reason = "it may have lower-case letters, digits and hyphens"
    suggestion = "-".join(re.findall(r"[a-z0-9]+", name.lower()))
    usable = suggestion and suggestion != name and as_identity(suggestion) is None
    raise InvalidName(
        f"{name!r} cannot be the name of a database: {reason}", hint=f"Perhaps {suggestion!r}." if usable else ""
    )


def as_identity(text: str) -> Identity | None:
    """The identity that the text is in hex, if it is one."""
    if len(text) < 2 * Identity.SIZE:
        return None
    try:
        return Identity.from_hex(text)
    except ValueError:
        return None


def new_database_identity() -> Identity:
    """An identity that nobody has: that of a random subject, as the real server makes it."""
    return identity_from_claims(_ISSUER, str(uuid.uuid4()))


def identity_from_claims(issuer: str, subject: str) -> Identity:
    """The identity of an issuer's subject: ``c200``, four bytes that check the rest, and 26 bytes of
    the BLAKE3 hash of ``issuer|subject`` (``crates/lib/src/identity.rs``, ``from_claims``)."""
    body = blake3.blake3(f"{issuer}|{subject}".encode()).digest()[:26]
    check = blake3.blake3(_PREFIX + body).digest()[:4]
    return Identity(_PREFIX + check + body)
