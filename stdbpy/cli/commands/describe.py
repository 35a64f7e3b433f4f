"""``stdbpy describe``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from stdbpy.cli.connection import connect
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import Anonymous, Database, FormatOption, Server
from stdbpy.cli.outline import KINDS, Entity, entities, outline
from stdbpy.cli.output import Field, Format, format_for, to_json, write_records
from stdbpy.cli.terminal import printable
from stdbpy.errors import NotFound, UnexpectedAnswer, UsageError, nearest

EXAMPLES = (
    "stdbpy describe chat",
    "stdbpy describe chat table message",
    "stdbpy describe chat --json > schema.json",
)


def run(
    context: typer.Context,
    database: Database,
    kind: Annotated[str | None, typer.Argument(metavar=f"[{'|'.join(KINDS)}]", help="Only one entity:")] = None,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="its name.")] = None,
    server: Server = None,
    anonymous: Anonymous = False,
    json: Annotated[bool, typer.Option("--json", help="The whole definition as the server gives it.")] = False,
    format: FormatOption = None,
) -> None:
    """Show tables, reducers and types of a database.

    Programs get a record for each, with its columns, parameters or variants; CSV has only what fits in a line.
    """
    if kind is not None and kind not in KINDS:
        raise UsageError(f"there is no kind {kind!r}", hint=nearest(kind, KINDS) or f"One of {', '.join(KINDS)}")
    if kind is not None and name is None:
        raise UsageError(f"which {kind}?", hint=f"stdbpy describe {database} {kind} NAME")
    shape = Format.JSON if json else format_for(format)
    with connect(invocation_of(context), server, anonymous=anonymous) as api:
        if json and kind is None:
            print(to_json(_definition(api.schema_json(database)), indent=2))
            return
        found = entities(api.schema(database))
    if kind is not None and name is not None:
        found = [_only(found, database, kind, name)]
    match shape:
        case Format.TABLE:
            for line in outline(found):
                print(printable(line))
        case Format.CSV:
            fields = [Field("kind"), Field("name"), Field("definition"), Field("notes", plain=", ".join)]
            records = [entity.record() for entity in found]
            write_records(fields, [[record[field.name] for field in fields] for record in records], shape)
        case Format.JSONL:
            for entity in found:
                print(to_json(entity.record()))
        case Format.JSON:
            records = [entity.record() for entity in found]
            print(to_json(records if kind is None else records[0], indent=2))


def _definition(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer if it is a definition, also one that is newer than what stdbpy understands."""
    if not answer.keys() & {"sections", "typespace"}:
        raise UnexpectedAnswer("the server's answer is no module definition")
    return answer


def _only(found: list[Entity], database: str, kind: str, name: str) -> Entity:
    named = {entity.name: entity for entity in found if entity.kind == kind}
    if name not in named:
        raise NotFound(f"the database {database!r} has no {kind} {name!r}", hint=nearest(name, named))
    return named[name]
