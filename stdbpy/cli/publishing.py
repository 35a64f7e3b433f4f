"""Publishing one target: what is asked before, shown and written after it. For ``publish`` and ``dev``."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from stdbpy.cli.building import load_program
from stdbpy.cli.connection import EMBEDDED, connect
from stdbpy.cli.failures import show_problems
from stdbpy.cli.invocation import Invocation
from stdbpy.cli.output import Plain
from stdbpy.cli.plan_view import plan_lines, plan_record
from stdbpy.cli.terminal import confirm
from stdbpy.errors import (
    ApiError,
    Forbidden,
    NotFound,
    NotSupported,
    ServerUnreachable,
    StdbError,
    UnexpectedAnswer,
    UsageError,
    megabytes,
)

if TYPE_CHECKING:
    from stdbpy.api import ApiClient
    from stdbpy.api.results import HostType, PublishPlan
    from stdbpy.project.model import Target
    from stdbpy.project.programs import Program


@dataclass(frozen=True, slots=True)
class Consent:
    """What the user has agreed to before being asked."""

    yes: Collection[str] = ()
    """The kinds of questions whose answer is yes: see :data:`stdbpy.cli.options.YES_KINDS`."""
    delete_data: str = "never"
    """``always``, ``on-conflict`` (only if an update is impossible with the data) or ``never``."""
    break_clients: bool = False
    anew: str = "publish with"
    """How a person gives another consent, in words that an option follows."""
    may_ask: bool = True
    """Otherwise a question that has no answer yet is an error at a terminal too."""

    def ask(self, question: str, kind: str) -> None:
        """Raises as :func:`~stdbpy.cli.terminal.confirm`."""
        flag = "--break-clients" if kind == "break-clients" else ""
        yes = {*self.yes, *(["break-clients"] if self.break_clients else [])}
        confirm(question, yes=yes, kind=kind, flag=flag, may_ask=self.may_ask)


def publish_target(
    invocation: Invocation,
    target: Target,
    consent: Consent,
    *,
    program: Program | None = None,
    abi: str | None = None,
    dry_run: bool = False,
    unset_env: Sequence[str] = (),
    replace_env: bool = False,
) -> dict[str, Plain]:
    """Publishes what the target names to where it names; with ``dry_run`` stops where that would begin, and
    neither asks anything nor makes an identity. ``program`` is the target's if it has been loaded before. A Python
    project goes as it is to a server of stdbpy's own, and as WebAssembly to SpacetimeDB itself, or if ``abi`` says
    for which level of its interface.
    Values that the module declares of the database's environment come from this process's.

    Returns a record of it: ``op`` (``create``, ``update`` or ``clear``; when done ``created`` or
    ``updated`` or ``cleared``), ``name``, ``identity``, ``server`` and what :func:`plan_record` says. Raises
    :class:`StdbError` if it is refused, needs consent that nobody gives, or must clear data.
    """
    from stdbpy.api.address import Address
    from stdbpy.api.names import split_parent
    from stdbpy.project.environment import environment_update

    program = program or load_program(target.module_path, target.bin_path, target.js_path)
    database, parent = split_parent(target.database or target.project_name, target.parent)
    environment = environment_update(program, os.environ, removed=unset_env, replaces=replace_env)
    if dry_run:
        consent = replace(consent, may_ask=False)
    with connect(
        invocation, target.server, anonymous=target.anonymous, as_someone=True, makes_identity=not dry_run
    ) as api:
        if not Address.parse(api.url).is_loopback:
            consent.ask(f"Publish to {api.url}, which is not on this machine?", "remote")
        program = _for_server(program, api, abi, invocation, database)
        host_type: HostType | None = "Js" if program.kind == "js" else None
        plan = None
        clear = consent.delete_data == "always" and database is not None
        if database is not None and not clear:
            plan = _plan(api, program, database, host_type)
        if plan is not None:
            _show(plan, invocation)
            clear = _settle(plan, consent, database or "")
        if clear:
            consent.ask(f"Delete all data of {database} on {api.url}?", "delete-data")
        record = {"name": database, "server": api.url, **({} if plan is None else plan_record(plan))}
        if dry_run:
            identity = None if database is None else _identity(api, database)
            op = "create" if identity is None else "clear" if clear else "update"
            return {"op": op, "identity": identity, **record}
        if environment.values:
            invocation.note(f"From the environment: {', '.join(environment.values)}")
        with _telling_what_became_of(database):
            result = api.publish(
                program.content,
                database,
                clear=clear,
                break_clients=plan is None and consent.break_clients,
                plan=plan,
                parent=parent,
                organization=target.organization,
                host_type=host_type,
                num_replicas=target.num_replicas,
                environment=environment,
            )
        if database is not None:
            invocation.known_names().remember_databases(api.url, [database])
        op = "cleared" if clear and result.op == "updated" else result.op
        return {**record, "op": op, "name": result.name, "identity": result.database_identity.hex()}


def _plan(api: ApiClient, program: Program, database: str, host_type: HostType | None) -> PublishPlan | None:
    """``None`` for a database that is not there yet, and on servers that make no plans."""
    try:
        return api.pre_publish(program.content, database, host_type=host_type)
    except NotSupported:
        return None


def _identity(api: ApiClient, database: str) -> str | None:
    """``None`` if it is not there yet."""
    try:
        return api.identity_of(database).hex()
    except NotFound:
        return None


def _show(plan: PublishPlan, invocation: Invocation) -> None:
    for line in plan_lines(plan):
        invocation.note(line)


def _settle(plan: PublishPlan, consent: Consent, database: str) -> bool:
    """Asks what the plan makes necessary; whether the data has to be cleared."""
    if plan.is_major_upgrade:
        consent.ask(
            f"{database} was made for SpacetimeDB 1 and this is a module for 2, from which no way leads back. Go on?",
            "migrate",
        )
    if plan.needs_clearing:
        if consent.delete_data == "never":
            raise StdbError(
                f"{database} cannot be updated with the data that is in it",
                hint=f"Change the module, or {consent.anew} --delete-data=on-conflict, which deletes all its data",
            )
        return True
    if plan.breaks_clients:
        consent.ask("Clients that were made for the version before will stop working. Go on?", "break-clients")
    return False


def _for_server(
    program: Program, api: ApiClient, abi: str | None, invocation: Invocation, database: str | None
) -> Program:
    """The program as the server takes it. Raises :class:`StdbError` if it cannot run such a program, or will not take
    one for the database."""
    health = api.health()
    is_embedded = health.package_name == EMBEDDED
    if is_embedded and program.kind not in {"python", "wasm"}:
        raise StdbError(
            f"{api.url} is a server of `stdbpy start`, which cannot run JavaScript yet",
            hint="Publish a Python project or a .wasm there, or this to SpacetimeDB itself",
        )
    if abi is not None and program.compile_for is None:
        raise UsageError(f"--abi is for Python projects, and {program.name} is built already")
    if program.compile_for is None or (is_embedded and abi is None):
        return program
    if not is_embedded:
        _look_at_owner(api, database, invocation)
        invocation.note(f"building WebAssembly of {program.name} for {api.url}, which is SpacetimeDB {health.version}")
    compiled = program.compile_for(health.version, abi)
    show_problems(compiled.problems)
    size = megabytes(len(compiled.content))
    invocation.note(f"{size} are built; to compile what is new to it takes a server 10 seconds or more")
    return compiled


def _look_at_owner(api: ApiClient, database: str | None, invocation: Invocation) -> None:
    """What is sure to be refused is not worth the time to build it. Elsewhere than on this machine, where servers
    know nobody but owners, members of an owner's team may publish, too."""
    from stdbpy.api.address import Address
    from stdbpy.api.ownership import own_identity

    if database is None:
        return
    try:
        owner = api.info(database).owner_identity
        if owner == own_identity(api):
            return
    except ApiError:
        return  # it is not there yet, or publishing says what is wrong
    theirs = f"{database} on {api.url} belongs to another identity, {owner.hex()}"
    if Address.parse(api.url).is_loopback:
        raise Forbidden(theirs, hint="Choose another name: stdbpy publish NAME; or use the token of its owner")
    invocation.note(f"{theirs}: if you are not in its team, choose another name")


@contextmanager
def _telling_what_became_of(database: str | None) -> Iterator[None]:
    """A publish that is cut off is done whole or not at all, and only the server knows."""
    try:
        yield
    except (ServerUnreachable, UnexpectedAnswer) as error:
        if database is not None:
            error.hint = (
                f"Publish again: {database} has the module that was sent, or is as it was. {error.hint}".strip()
            )
        raise


def tell(record: dict[str, Plain], *, dry_run: bool) -> None:
    """One line to stdout for people, about what :func:`publish_target` returned."""
    name = f" {record['name']}" if record["name"] is not None else ""
    identity = f", identity: {record['identity']}" if record["identity"] is not None else ""
    would = "would " if dry_run else ""
    print(f"{would}{record['op']} database{name}{identity}", file=sys.stdout)
