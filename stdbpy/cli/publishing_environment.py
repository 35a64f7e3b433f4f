"""Publishing the values of a database's environment alone: its module stays as it is."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stdbpy.cli.connection import connect
from stdbpy.cli.publishing import Consent
from stdbpy.errors import UsageError

if TYPE_CHECKING:
    from stdbpy.cli.invocation import Invocation
    from stdbpy.cli.output import Plain
    from stdbpy.project.model import Target


def publish_environment(
    invocation: Invocation, target: Target, consent: Consent, *, unset_env: Sequence[str], replace_env: bool
) -> dict[str, Plain]:
    """Sets the values that the module of a database declares and this process's environment has, and removes those
    that are named, or with ``replace_env`` all others. Returns a record of it, as
    :func:`~stdbpy.cli.publishing.publish_target`."""
    from stdbpy.api.address import Address
    from stdbpy.project.environment import update_of

    database = target.database or target.project_name
    if database is None:
        raise UsageError("which database?", hint="stdbpy publish DATABASE --env-only")
    with connect(invocation, target.server, anonymous=target.anonymous) as api:
        if not Address.parse(api.url).is_loopback:
            consent.ask(f"Change the environment of {database} on {api.url}, which is not on this machine?", "remote")
        known = api.environment(database)
        update = update_of(known.declared, os.environ, removed=unset_env, replaces=replace_env)
        if update.values:
            invocation.note(f"From the environment: {', '.join(update.values)}")
        if replace_env:
            api.set_environment(database, update.values, module_hash=known.module_hash)
        else:
            # One that is not there need not be removed.
            removed = [name for name in update.removed if name in known.stored]
            api.change_environment(database, update.values, removed=removed, module_hash=known.module_hash)
        return {"op": "updated", "name": database, "server": api.url, "identity": api.identity_of(database).hex()}
