"""``stdbpy describe``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stdbpy.cli.building import load_program
from stdbpy.cli.connection import connect
from stdbpy.cli.databases import resolve_words, telling_who_named
from stdbpy.cli.invocation import Invocation, invocation_of
from stdbpy.cli.options import Anonymous, FormatOption, NoConfig, Output, Server, Yes
from stdbpy.cli.outline import comparison, outline
from stdbpy.cli.output import Field, Format, format_for, open_sink, to_json, write_records
from stdbpy.errors import NotFound, UnexpectedAnswer, UsageError, counted, nearest
from stdbpy.schema.definition import schema_from_json, schema_to_json
from stdbpy.schema.differences import Difference, compare
from stdbpy.schema.entities import KINDS, Entity, definition_of, entities

if TYPE_CHECKING:
    from stdbpy.api import ApiClient
    from stdbpy.schema.model import ModuleSchema

EXAMPLES = (
    "stdbpy describe chat",
    "stdbpy describe chat table message",
    "stdbpy describe chat --json > schema.json",
    "stdbpy describe chat --diff .",
    "stdbpy describe --module dist/chat.wasm",
)

_COMPILED = ".wasm"


def run(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[DATABASE] [KIND NAME]",
            help=f"The database, and one entity of it: {', '.join(KINDS[:-1])} or {KINDS[-1]}, and its name.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="The definition (V10), as the official program has it.")] = False,
    diff: Annotated[
        str | None,
        typer.Option(
            "--diff",
            metavar="OTHER",
            help="What is different in another database of the server, in a project (./DIR) or a compiled"
            " module (FILE.wasm), and what of it breaks clients.",
        ),
    ] = None,
    module_path: Annotated[
        Path | None, typer.Option("-p", "--module-path", metavar="DIR", help="The same as --diff for a project.")
    ] = None,
    module: Annotated[
        Path | None,
        typer.Option(
            "--module", metavar="FILE", help="A compiled module (.wasm) or a project's folder, instead of a database."
        ),
    ] = None,
    server: Server = None,
    anonymous: Anonymous = False,
    yes: Yes = False,
    no_config: NoConfig = False,
    format: FormatOption = None,
    output: Output = None,
) -> None:
    """Show tables, reducers and types of a database or module, or what differs between two.

    Programs get a record for each, with its columns, parameters or variants; formats of plain records have
    only what fits in a line.
    """
    del yes  # the official program asks whether to log in, which nobody needs here
    invocation = invocation_of(context)
    given = words or []
    if module is not None:
        if diff is not None or module_path is not None:
            raise UsageError("--module describes a module by itself", hint=f"stdbpy describe DATABASE --diff {module}")
        kind, name = _entity_asked_for(tuple(given), f"--module {module}")
        schema = _schema_of_module(module)
        _describe(schema, str(module), kind, name, format_for(format, output), output, json=json)
        return
    chosen = resolve_words(given, server, fall_through=bool(given) and given[0] not in KINDS, no_config=no_config)
    kind, name = _entity_asked_for(chosen.words, chosen.database)
    if diff is not None and module_path is not None:
        raise UsageError("--diff and --module-path exclude one another: both say what to compare with")
    if json and (diff is not None or module_path is not None):
        raise UsageError("--json is a definition, and no comparison", hint="--format json writes the differences")
    shape = format_for(format, output)
    with connect(invocation, chosen.server, anonymous=anonymous) as api, telling_who_named(chosen):
        if diff is not None or module_path is not None:
            here, other = api.schema(chosen.database), _other_schema(api, diff or "", module_path)
            _show_differences(invocation, compare(here, other), shape, output)
            return
        url = api.url
        definition = api.schema_json(chosen.database)
    if json and not kind:
        _write_lines([to_json(_newest(definition), indent=2)], output)
        return
    schema = schema_from_json(definition)
    invocation.known_names().remember_schema(url, chosen.database, schema)
    _describe(schema, f"the database {chosen.database!r}", kind, name, shape, output, json=json)


def _describe(
    schema: ModuleSchema, whose: str, kind: str, name: str, shape: Format, output: Path | None, *, json: bool
) -> None:
    """Writes about that entity, or about all."""
    found = entities(schema)
    if kind:
        found = [_only(found, whose, kind, name)]
    if json:
        _write_lines([to_json(definition_of(found[0]) if kind else schema_to_json(schema), indent=2)], output)
    else:
        _show(found, shape, output, one=bool(kind))


def _entity_asked_for(words: tuple[str, ...], database: str) -> tuple[str, str]:
    """Kind and name; empty ones for all."""
    match words:
        case ():
            return "", ""
        case (kind, *_) if kind not in KINDS:
            raise UsageError(f"there is no kind {kind!r}", hint=nearest(kind, KINDS) or f"One of {', '.join(KINDS)}")
        case (kind,):
            raise UsageError(f"which {kind}?", hint=f"stdbpy describe {database} {kind} NAME")
        case (kind, name):
            return kind, name
        case _:
            raise UsageError(f"one word too many: {words[2]}", hint="stdbpy describe [DATABASE] [KIND NAME]")


def _only(found: list[Entity], whose: str, kind: str, name: str) -> Entity:
    named = {entity.name: entity for entity in found if entity.kind == kind}
    if name not in named:
        raise NotFound(f"{whose} has no {kind} {name!r}", hint=nearest(name, named))
    return named[name]


def _newest(definition: dict[str, Any]) -> dict[str, Any]:
    """The definition in version 10, which old servers do not have; also one with parts that are newer
    than what stdbpy understands."""
    if "sections" in definition:
        return definition
    if "typespace" not in definition:
        raise UnexpectedAnswer("the server's answer is no module definition")
    return schema_to_json(schema_from_json(definition))


def _other_schema(api: ApiClient, other: str, module_path: Path | None) -> ModuleSchema:
    path = module_path if module_path is not None else Path(other)
    # No database can be called like these.
    if module_path is not None or path.suffix == _COMPILED or "/" in other or "\\" in other or other in (".", ".."):
        return _schema_of_module(path)
    return api.schema(other)


def _schema_of_module(path: Path) -> ModuleSchema:
    program = load_program(None, path) if path.suffix == _COMPILED else load_program(path)
    return program.read_schema()


# --- writing ---------------------------------------------------------------------------------


def _show(found: list[Entity], shape: Format, output: Path | None, *, one: bool) -> None:
    records = [entity.record() for entity in found]
    match shape:
        case Format.TABLE:
            with open_sink(output) as stream:
                stream.writelines(f"{line}\n" for line in outline(found, stream))
        case Format.JSONL:
            _write_lines(map(to_json, records), output)
        case Format.JSON:
            _write_lines([to_json(records[0] if one else records, indent=2)], output)
        case _:
            fields = [Field("kind"), Field("name"), Field("definition"), Field("notes", plain=", ".join)]
            write_records(fields, [[record[field.name] for field in fields] for record in records], shape, output)


def _show_differences(
    invocation: Invocation, found: tuple[Difference, ...], shape: Format, output: Path | None
) -> None:
    match shape:
        case Format.TABLE:
            with open_sink(output) as stream:
                stream.writelines(f"{line}\n" for line in comparison(found, stream))
        case Format.JSONL:
            _write_lines((to_json(difference.record()) for difference in found), output)
        case Format.JSON:
            _write_lines([to_json([difference.record() for difference in found], indent=2)], output)
        case _:
            names = ("change", "kind", "of", "name", "before", "after", "breaks_clients")
            write_records([Field(name) for name in names], _flat(found), shape, output)
    if not found:
        invocation.note("nothing is different")
        return
    breaking = sum(difference.breaks_clients for difference in found)
    told = f", {breaking} of which {'break' if breaking > 1 else 'breaks'} clients" if breaking else ""
    invocation.note(f"{counted(len(found), 'difference')}{told}")


def _flat(found: Iterable[Difference], inside: str = "") -> Iterator[list[Any]]:
    for each in found:
        yield [each.change.value, each.kind, inside, each.name, each.before, each.after, each.breaks_clients]
        yield from _flat(each.parts, each.name)


def _write_lines(lines: Iterable[str], output: Path | None) -> None:
    with open_sink(output) as stream:
        stream.writelines(f"{line}\n" for line in lines)
