"""Why a server does not take a program, or not with what is in the database, and what to do about it."""

from __future__ import annotations

import re

from stdbpy.api.answers import SERVER_ERROR, UNAUTHORIZED, refusal, refusal_of_locked
from stdbpy.api.exchange import Response
from stdbpy.errors import ApiError, Forbidden, NotFound

_ZIP = b"PK\x03\x04"
_ABI = re.compile(r"abi version (?P<needed>[\d.]+) is not supported \(host implements (?P<known>[\d.]+)\)")

_SINCE = {
    **{f"10.{level}": "SpacetimeDB 2.8" for level in range(1, 6)},
    "10.6": "SpacetimeDB 2.14",
}
"""A version that takes programs of a level. There may be earlier ones."""


def no_relatives(response: Response, parent: str | None, organization: str | None) -> ApiError:
    """The error for a parent or an organization that is not there."""
    relatives = (
        ("database", parent, "Publish that first, or check its name."),
        ("organization", organization, "Check its name."),
    )
    for what, name, hint in relatives:
        if name is not None and f"`{name}`" in response.text:
            return NotFound(
                f"there is no {what} {name!r} on this server that the new database could belong to",
                status=response.status,
                body=response.text,
                hint=hint,
            )
    return refusal(response)


def publish_refusal(response: Response, program: bytes, database: str | None) -> ApiError:
    """The error for a program that a server did not take."""
    status, text = response.status, response.text
    if status == UNAUTHORIZED and "PermissionDenied" in text:
        return Forbidden(
            f"the name {database!r} belongs to another identity",
            status=status,
            body=text,
            hint="Choose another name, or use the token of the name's owner.",
        )
    locked = refusal_of_locked(response, database)
    if locked is not None:
        return locked
    unusable = _unusable(text, program)
    if unusable is not None:
        sentence, hint = unusable
        return ApiError(sentence, status=status, body=text, hint=hint)
    error = refusal(response)
    if "client-breaking" in text or "Clients that were made" in text:
        error.hint = "Publish with --break-clients if they may stop working, and generate their code again."
    elif "invalid or does not match" in text or "plan was agreed to" in text:
        error.hint = "The program or the database has changed since its plan was made: publish again."
    elif "contains data" in text:
        error.hint = "Delete its rows first, in a reducer or with SQL, or publish to empty tables with --delete-data."
    elif "update rejected" in text:
        way_out = error.hint.rstrip(".") or "Change the module so that it fits the data that is there"
        clears = " (--delete-data)" if "data cleared" in way_out else ", or publish to empty tables with --delete-data"
        error.hint = f"{way_out}{clears}."
    elif status >= SERVER_ERROR and type(error) is ApiError and "\nhint: " not in text:
        # The real servers call it their own failure when a module breaks the rules. The embedded one says
        # itself what to do.
        said = error.message.removeprefix("the server failed: ")
        return ApiError(
            f"the server cannot use this program: {said}",
            status=status,
            body=text,
            hint="Was it built for this server's version? Its own log may say more.",
        )
    return error


def _unusable(text: str, program: bytes) -> tuple[str, str] | None:
    """What is wrong with the program, and what to do, if servers have a well-known way to say it."""
    abi = _ABI.search(text)
    if abi is not None:
        newer = _SINCE.get(abi["needed"], "A later SpacetimeDB")
        return (
            f"the program needs a newer server: one whose interface to modules is {abi['needed']}, not {abi['known']}",
            f"{newer} takes it. --abi {abi['known']} builds a Python project for this one, if it needs nothing newer.",
        )
    if "for sum type RawModuleDef" in text:
        return (
            "the program needs a newer server: this one does not know how it describes itself",
            "Build it with a library of this server's version, a Python project with --abi 10.0.",
        )
    if "WebAssembly" in text and program.startswith(_ZIP):
        return (
            "this server runs WebAssembly modules, not Python projects",
            "The embedded server runs Python projects: stdbpy start",
        )
    if "failed to parse WebAssembly" in text:
        return "the program is no WebAssembly module", "Give the .wasm that was built, whole."
    if "no V8" in text or "cannot run JavaScript" in text:
        return "this server runs no JavaScript modules", "Publish a Python project or a .wasm."
    return None
