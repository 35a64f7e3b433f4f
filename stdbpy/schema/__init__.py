"""What a module is: read, written, named, checked, and migrated from one version to the next.

Migration and texts are imported when they are first used: a module that runs inside WebAssembly has no use for them.
"""

from stdbpy.schema.complete import complete
from stdbpy.schema.definition import read_module_def, schema_from_json, schema_to_json, write_module_def
from stdbpy.schema.model import (
    CasePolicy,
    Column,
    EnvironmentKind,
    EnvironmentValue,
    HttpHandler,
    HttpRoute,
    Index,
    IndexAlgorithm,
    Lifecycle,
    ModuleSchema,
    Outbox,
    Procedure,
    Reducer,
    Schedule,
    Sequence,
    Submodule,
    Table,
    TypeDef,
    UniqueConstraint,
    View,
    Visibility,
)
from stdbpy.schema.names import with_names
from stdbpy.schema.validate import validate

TYPE_CHECKING = False  # importing it from `typing` would take longer than all else here
if TYPE_CHECKING:
    from stdbpy.schema.migrate import plan_migration
    from stdbpy.schema.migration_plan import MigrationPlan, Step, StepKind
    from stdbpy.schema.text import describe_type, reducer_signature, sample_arguments, type_namer

_HOMES = {
    "stdbpy.schema.migrate": ("plan_migration",),
    "stdbpy.schema.migration_plan": ("MigrationPlan", "Step", "StepKind"),
    "stdbpy.schema.text": ("describe_type", "reducer_signature", "sample_arguments", "type_namer"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # to which it would make every name one that is there

    def __getattr__(name: str) -> object:
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        thing = globals()[name] = getattr(import_module(home), name)
        return thing


__all__ = [
    "CasePolicy",
    "Column",
    "EnvironmentKind",
    "EnvironmentValue",
    "HttpHandler",
    "HttpRoute",
    "Index",
    "IndexAlgorithm",
    "Lifecycle",
    "MigrationPlan",
    "ModuleSchema",
    "Outbox",
    "Procedure",
    "Reducer",
    "Schedule",
    "Sequence",
    "Step",
    "StepKind",
    "Submodule",
    "Table",
    "TypeDef",
    "UniqueConstraint",
    "View",
    "Visibility",
    "complete",
    "describe_type",
    "plan_migration",
    "read_module_def",
    "reducer_signature",
    "sample_arguments",
    "schema_from_json",
    "schema_to_json",
    "type_namer",
    "validate",
    "with_names",
    "write_module_def",
]
