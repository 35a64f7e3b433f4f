"""The user's login, as the commands about it find and tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stdbpy.cli.invocation import Invocation

if TYPE_CHECKING:
    from stdbpy.project.login import Account, LoggedOut


def account_of(invocation: Invocation) -> Account:
    """The login that this run of the program is about."""
    from stdbpy.project.login import Account

    return Account(invocation.cli_toml_path, invocation.credentials())


def logged_out_sentence(login: LoggedOut) -> str:
    """What a person is told about a login that is over."""
    return "Logged out." if login.identity is None else f"Logged out (identity {login.identity.hex()})."
