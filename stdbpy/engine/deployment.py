"""How a module gets into a database: when it is made, opened again, and updated."""

from __future__ import annotations

from collections.abc import Callable

from stdbpy.engine.delta import Delta
from stdbpy.engine.environment import put_values, stored_values
from stdbpy.engine.host import ModuleCode
from stdbpy.engine.instance import Instance
from stdbpy.engine.journal.file_journal import FileJournal
from stdbpy.engine.migration import migrate
from stdbpy.engine.procedures.joined_module import JoinedModule
from stdbpy.engine.programs import program_hash
from stdbpy.engine.results import Caller
from stdbpy.engine.row_rules import rule_faults
from stdbpy.engine.store.store import Store
from stdbpy.engine.subscriptions.events import EndReason
from stdbpy.engine.transaction import Transaction
from stdbpy.engine.update_plan import Agreement, UpdatePlan
from stdbpy.engine.views.views import Views
from stdbpy.errors import InitFailed, MigrationRefused, ProgramUnusable, StdbError, ViewFailed
from stdbpy.module.host import LogLevel
from stdbpy.schema.definition import write_module_def
from stdbpy.schema.environment import UNCHANGED, EnvironmentUpdate, expect_values
from stdbpy.schema.migration_plan import Step, StepKind
from stdbpy.schema.model import Lifecycle

_DISCONNECTING = "Disconnecting all users"
"""The line that programs look for in the log of a database, as the real server writes it."""


def create(instance: Instance, program: bytes, code: ModuleCode, environment: EnvironmentUpdate = UNCHANGED) -> None:
    """Makes the database: the module's tables, and what its init reducer puts into them.

    Raises ``ProgramUnusable`` (rules for who may read rows that are none), ``EnvironmentRefused``, ``InitFailed`` and
    ``StorageFailed``; then there is no database.
    """
    problems = rule_faults(code.schema)
    if problems:
        raise ProgramUnusable("\n".join(["Its row-level security rules are not in order", *map(str, problems)]))
    values = environment.applied_to({})
    expect_values(code.schema.environment, values)
    store = Store(code.schema)
    put_values(Transaction(store), values)
    instance.use(store, instance.join(store, code))
    for table in store.tables.values():
        if not table.definition.is_system:
            instance.logs.system(f"Table `{table.name}` created")
    for view in sorted(prefix + view.name for prefix, module in store.schema.walk() for view in module.views):
        instance.logs.system(f"View `{view}` created")
    for rule in store.schema.row_level_security:
        instance.logs.system(f"Row-level security `{rule}` created")
    outcome = instance.call_lifecycle(Lifecycle.INIT, Caller(instance.owner))
    if outcome is not None and outcome.error is not None:
        # The log goes with the database, so this is the place to say all of it.
        reason = instance.last_crash.message if instance.last_crash is not None else outcome.error
        raise InitFailed(f"The module's init reducer failed: {reason}")
    instance.program, instance.program_hash = program, program_hash(program)
    instance.forget_group()
    instance.journal.replace(program, write_module_def(code.schema), store)
    instance.logs.system("Database created")


def reopen(instance: Instance, journal: FileJournal, load: Callable[[bytes], ModuleCode]) -> None:
    """Makes the database what it was. If the module's code cannot be run any more, its tables are
    there all the same. Raises ``DataDirectoryError``."""
    _reopen(instance, journal, load)
    instance.disconnect_left_behind()


def _reopen(instance: Instance, journal: FileJournal, load: Callable[[bytes], ModuleCode]) -> None:
    saved = journal.module()
    try:
        code = load(saved.program)
    except StdbError as error:
        store = Store(saved.schema, saved.numbering)
        journal.replay(store)
        instance.do_without(store, error)
        instance.logs.system(f"The module cannot be run: {error}", level=LogLevel.ERROR)
        return
    if write_module_def(code.schema) == saved.definition:
        store = Store(code.schema, saved.numbering)
        journal.replay(store)
        instance.use(store, instance.join(store, code))
        instance.program, instance.program_hash = saved.program, program_hash(saved.program)
        return
    # The same code means something else: a library that it imports has changed.
    store = Store(saved.schema, saved.numbering)
    journal.replay(store)
    instance.do_without(store, MigrationRefused("The module's code has changed since it was published"))
    try:
        update(instance, saved.program, code, Agreement())
    except StdbError as error:
        instance.do_without(store, error)
        instance.logs.system(f"The module cannot be run: {error}", level=LogLevel.ERROR)


def plan_update(instance: Instance, program: bytes, code: ModuleCode) -> UpdatePlan:
    """What :func:`update` would do."""
    running = instance.program_hash or b""
    return UpdatePlan.make(bytes(instance.identity), instance.schema, running, code.schema, program_hash(program))


def update(
    instance: Instance,
    program: bytes,
    code: ModuleCode,
    agreement: Agreement,
    environment: EnvironmentUpdate = UNCHANGED,
) -> None:
    """Puts another version of the module in the place of the one that is there.

    Raises ``MigrationRefused``, ``EnvironmentRefused`` and ``StorageFailed``; then nothing has changed. The group
    must be empty.
    """
    hash = program_hash(program)
    if hash == instance.program_hash:
        update_environment(instance, environment)
        return
    values = environment.applied_to(stored_values(instance.store))
    expect_values(code.schema.environment, values)
    plan = plan_update(instance, program, code)
    plan.expect_agreement(agreement)
    old = instance.store
    definition = write_module_def(code.schema)
    is_same = definition == write_module_def(old.schema)
    problems = () if is_same else rule_faults(code.schema, is_update=True)
    if problems:
        raise MigrationRefused("; ".join(map(str, problems)), problems, hint=problems[0].hint)
    new = old if is_same else migrate(old, code.schema, plan.migration)
    module = instance.join(new, code)
    breaks_clients = plan.migration.breaks_clients
    change = Transaction(new)
    put_values(change, values)
    try:
        views, difference = (None, Delta()) if breaks_clients else _views_after_update(instance, new, module)
        if is_same and not change.delta:
            instance.journal.change_program(program)
        else:
            instance.journal.replace(program, definition, new)
            instance.disk.unwritten = Delta()
    except BaseException:
        # The old tables may share rows with the new ones.
        change.rollback()
        raise
    if breaks_clients:
        instance.subscriptions.end_all(EndReason.DATABASE_GONE)
    instance.use(new, module, views)
    if not breaks_clients:
        if not is_same:
            new.note_system_changes(old, difference)
        difference.changes.update(change.commit().changes)
        instance.tell(difference)
    instance.program, instance.program_hash = program, hash
    instance.logs.system(f"Module updated to {hash.hex()}")
    for step in plan.migration.steps:
        instance.logs.system(_log_line(step))


def update_environment(instance: Instance, environment: EnvironmentUpdate) -> None:
    """Changes the values of the environment alone. Raises ``EnvironmentRefused``, ``MigrationRefused`` (a view fails
    with them) and, when they are to be made durable, ``StorageFailed``; then nothing has changed."""
    values = environment.applied_to(stored_values(instance.store))
    expect_values(instance.schema.environment, values)
    try:
        instance.transact(lambda transaction: put_values(transaction, values))
    except ViewFailed as failure:
        raise MigrationRefused(
            f"A view that is in use fails with the new environment: {failure}", hint="The module's log says more."
        ) from failure


def _log_line(step: Step) -> str:
    return _DISCONNECTING if step.kind is StepKind.DISCONNECT_CLIENTS else str(step)


def _views_after_update(instance: Instance, store: Store, module: JoinedModule) -> tuple[Views, Delta]:
    try:
        return instance.views_after_update(store, module.main)
    except ViewFailed as failure:
        raise MigrationRefused(
            f"A view that is in use fails in the new version: {failure}", hint="The module's log says more."
        ) from failure
