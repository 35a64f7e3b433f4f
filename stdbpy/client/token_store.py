"""Where clients keep the tokens that servers gave them, so that they come back as the same identity.

A token counts on the server that issued it, and is kept for one database there: two programs of one user
that use different databases are different users to them. A token is never part of an error, a ``repr`` or a log.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Literal, Protocol, TypeAlias
from urllib.parse import urlsplit

from stdbpy.errors import ClientError, MissingExtra
from stdbpy.replacing import SECRET, replace_file

_OWNER_ONLY_FOLDER = 0o700
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SERVICE = "stdbpy"


class TokenStore(Protocol):
    """Keeps a token for each database of each server. All methods raise :class:`ClientError` if they cannot."""

    def load(self, server: str, database: str) -> str | None:
        """The token kept for ``database`` (name or identity) on the server at the address ``server``."""
        ...

    def save(self, server: str, database: str, token: str) -> None: ...

    def forget(self, server: str, database: str) -> bool:
        """Removes the token; returns whether there was one."""
        ...


KeepToken: TypeAlias = bool | Literal["keyring"] | TokenStore
"""Whether a connection's token is kept and shown again the next time, and where: in a file, or the OS keyring."""


def token_store(keep: KeepToken) -> TokenStore | None:
    """The store that is meant. Raises :class:`MissingExtra` and, where there is no keyring, :class:`ClientError`."""
    if keep is False:
        return None
    if keep is True:
        return FileTokens()
    return KeyringTokens() if keep == "keyring" else keep


class FileTokens:
    """Tokens in files that only their owner may read, one for each database, in ``folder``.

    By default that is the user's data folder as ``platformdirs`` knows it.
    """

    def __init__(self, folder: Path | str | None = None) -> None:
        if folder is None:
            from platformdirs import user_data_path

            folder = user_data_path("stdbpy", appauthor=False) / "tokens"
        self.folder = Path(folder)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.folder)!r})"

    def path(self, server: str, database: str) -> Path:
        """The file of one database; it has its name and a digest that tells servers apart."""
        place = f"{server_key(server)}\n{database}"
        readable = re.sub(r"[^A-Za-z0-9_-]+", "-", database)[:40]
        return self.folder / f"{readable}-{hashlib.sha256(place.encode()).hexdigest()[:24]}.json"

    def load(self, server: str, database: str) -> str | None:
        path = self.path(server, database)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ClientError(f"{path} cannot be read: {error.strerror}") from None
        try:
            token = json.loads(content)["token"]
        except (ValueError, KeyError, TypeError, RecursionError):
            # What json says about a broken file could quote a token.
            token = None
        if not isinstance(token, str):
            raise ClientError(
                f"{path} is damaged: it holds no token", hint="Delete it; the server then makes a new identity."
            ) from None
        return token

    def save(self, server: str, database: str, token: str) -> None:
        path = self.path(server, database)
        document = {"server": server_key(server), "database": database, "token": token}
        try:
            self.folder.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
            replace_file(path, json.dumps(document).encode() + b"\n", mode=SECRET)
        except OSError as error:
            raise ClientError(f"{path} cannot be written: {error.strerror}", hint="Who may write there?") from None

    def forget(self, server: str, database: str) -> bool:
        path = self.path(server, database)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise ClientError(f"{path} cannot be deleted: {error.strerror}") from None
        return True


class KeyringTokens:
    """Tokens in the operating system's keyring (extra ``keyring``)."""

    def __init__(self) -> None:
        try:
            import keyring
        except ImportError:
            raise MissingExtra("keeping tokens in the OS keyring", "keyring") from None
        from keyring.backends.fail import Keyring as NoKeyring
        from keyring.errors import KeyringError, PasswordDeleteError

        if isinstance(keyring.get_keyring(), NoKeyring):
            raise ClientError("this system has no keyring", hint="keep_token=True keeps tokens in files instead.")
        self._keyring = keyring
        self._failure: type[Exception] = KeyringError
        self._absent: type[Exception] = PasswordDeleteError

    def load(self, server: str, database: str) -> str | None:
        try:
            return self._keyring.get_password(_SERVICE, _user(server, database))
        except self._failure as error:
            raise _keyring_failed("read", error) from None

    def save(self, server: str, database: str, token: str) -> None:
        try:
            self._keyring.set_password(_SERVICE, _user(server, database), token)
        except self._failure as error:
            raise _keyring_failed("written", error) from None

    def forget(self, server: str, database: str) -> bool:
        try:
            self._keyring.delete_password(_SERVICE, _user(server, database))
        except self._absent:
            return False
        except self._failure as error:
            raise _keyring_failed("written", error) from None
        return True


def _user(server: str, database: str) -> str:
    return f"{database} on {server_key(server)}"


def _keyring_failed(done: str, error: Exception) -> ClientError:
    return ClientError(
        f"the OS keyring cannot be {done}: {error or type(error).__name__}",
        hint="keep_token=True keeps tokens in files instead.",
    )


def server_key(address: str) -> str:
    """One spelling for all addresses that are certainly the same server."""
    parts = urlsplit(address)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme.lower(), parts.scheme.lower())
    host = (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    port = "" if parts.port in {None, _DEFAULT_PORTS.get(scheme)} else f":{parts.port}"
    return f"{scheme}://{host}{port}{parts.path.rstrip('/')}"
