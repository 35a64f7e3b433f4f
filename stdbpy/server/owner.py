"""Who owns an embedded server: the identity made when its data directory was, whose token is kept there."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from stdbpy.errors import DataDirectoryError
from stdbpy.server.claims import Credentials, TokenError, payload_of
from stdbpy.server.secret_files import write_secret
from stdbpy.server.tokens import TokenAuthority

log = logging.getLogger("stdbpy.server")

OWNER_TOKEN = "owner_token"  # noqa: S105 - the name of the file


def load_or_create_owner(folder: Path, tokens: TokenAuthority) -> Credentials:
    """The owner whose token is in ``folder``, made there (readable by its owner alone) if there is none.

    A token that the server's key did not sign, because the key was made anew, is signed again for
    the same identity: what it owns stays its own. Raises :class:`DataDirectoryError`.
    """
    path = folder / OWNER_TOKEN
    try:
        token = path.read_text("ascii").strip()
    except FileNotFoundError:
        owner = tokens.new_identity()
    except (OSError, UnicodeDecodeError) as error:
        raise DataDirectoryError(f"the owner's token {path} cannot be read: {error}") from error
    else:
        try:
            return tokens.own(token)
        except TokenError:
            owner = tokens.issue(_subject(token, path))
            log.warning("The owner's token in %s was not of this server's key; it was signed again.", path)
    try:
        write_secret(path, owner.token.encode())
    except OSError as error:
        raise DataDirectoryError(f"the owner's token cannot be written to {path}: {error.strerror}") from error
    return owner


def _subject(token: str, path: Path) -> str:
    try:
        subject = json.loads(payload_of(token))["sub"]
    except (TokenError, ValueError, KeyError, TypeError):
        subject = None
    if not isinstance(subject, str) or not subject:
        raise DataDirectoryError(
            f"{path} holds no token", hint="Remove it and the server makes a new owner, who owns no database yet."
        )
    return subject
