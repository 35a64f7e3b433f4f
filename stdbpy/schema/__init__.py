"""What a module is: read, written, named, checked, and migrated from one version to the next."""

from stdbpy.schema.complete import complete
from stdbpy.schema.definition import read_module_def, schema_from_json, schema_to_json, write_module_def
from stdbpy.schema.migrate import plan_migration
from stdbpy.schema.migration_plan import MigrationPlan, Step, StepKind
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
from stdbpy.schema.text import describe_type, reducer_signature, sample_arguments, type_namer
from stdbpy.schema.validate import validate

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
