"""Updates of modules with views that clients are subscribed to: compiled ones, of SpacetimeDB's own smoketests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from stdbpy.schema import ModuleSchema
from stdbpy.wasm.description import read_wasm
from tests import real_servers

STATE = ("INSERT INTO player_state (id, level) VALUES (1, 1)", "INSERT INTO player_state (id, level) VALUES (2, 2)")
MORE_STATE = ("INSERT INTO player_state (id, level) VALUES (42, 3)", "DELETE FROM player_state WHERE id = 1")
COUNTERS = ("INSERT INTO counter (id, value) VALUES (1, 7)", "INSERT INTO marker (id, label) VALUES (1, 'm')")
PLAYER = "SELECT * FROM player"


@cache
def _described(name: str) -> ModuleSchema:
    return read_wasm(_program(name))


def _program(name: str) -> bytes:
    return real_servers.program(f"smoketests/{name}.wasm").read_bytes()


@dataclass(frozen=True)
class CompiledUpdate:
    """As :class:`~tests.contract.side_by_side.updates.Update`, with the names of modules."""

    before: str
    after_it: str
    rows: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    watched: str = PLAYER

    @property
    def old(self) -> ModuleSchema:
        return _described(self.before)

    @property
    def new(self) -> ModuleSchema:
        return _described(self.after_it)

    def programs(self) -> tuple[bytes, bytes]:
        return _program(self.before), _program(self.after_it)


UPDATES_OF_VIEWS = {
    "other code of a view": CompiledUpdate("views_auto_migrate", "views_auto_migrate_updated", STATE, MORE_STATE),
    "back to the code before": CompiledUpdate("views_auto_migrate_updated", "views_auto_migrate", STATE, MORE_STATE),
    "a view goes that somebody has": CompiledUpdate("views_auto_migrate", "views_drop_view", STATE, MORE_STATE),
    "a view goes that nobody has": CompiledUpdate(
        "views_auto_migrate", "views_drop_view", STATE, MORE_STATE, "SELECT * FROM player_state"
    ),
    "a view comes": CompiledUpdate(
        "views_drop_view", "views_auto_migrate", STATE, (*MORE_STATE, PLAYER), "SELECT * FROM player_state"
    ),
    "a view that fails": CompiledUpdate("views_auto_migrate", "views_trapped", STATE, MORE_STATE),
    "a view that fails, which nobody has": CompiledUpdate(
        "views_auto_migrate", "views_trapped", STATE, MORE_STATE, "SELECT * FROM player_state"
    ),
    "a view that had failed": CompiledUpdate(
        "views_trapped",
        "views_auto_migrate",
        STATE,
        (
            *MORE_STATE,
            PLAYER,
            "INSERT INTO player_state (id, level) VALUES (1, 3)",
            "DELETE FROM player_state WHERE id = 1",
        ),
    ),
    "a view with rows less": CompiledUpdate("views_auto_migrate", "views_recovered", STATE, MORE_STATE),
    "a view gets a key": CompiledUpdate(
        "views_primary_key_auto_migrate", "views_primary_key_auto_migrate_updated", STATE, MORE_STATE
    ),
    "a view beside another one": CompiledUpdate(
        "views_auto_migrate_stable",
        "views_auto_migrate_stable_updated",
        COUNTERS,
        ("UPDATE counter SET value = 8 WHERE id = 1",),
        "SELECT * FROM z_counter",
    ),
    "a view that reads another table": CompiledUpdate(
        "views_auto_migrate_read_set",
        "views_auto_migrate_read_set_updated",
        ("INSERT INTO old (id) VALUES (1)", "INSERT INTO new (id) VALUES (2)"),
        ("INSERT INTO old (id) VALUES (3)", "INSERT INTO new (id) VALUES (4)"),
        "SELECT * FROM switched",
    ),
    "the same program again": CompiledUpdate("views_auto_migrate", "views_auto_migrate", STATE, MORE_STATE),
}
