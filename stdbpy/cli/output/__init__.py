"""How data leaves the program, for every command that has some.

Data goes to stdout, everything else to stderr. What a person looks at is a table; what a program
reads is JSON lines: one object per record, written as it comes. ``--format`` overrules that.
"""

from __future__ import annotations

from stdbpy.cli.output.fields import Field, Plain, text_of
from stdbpy.cli.output.formats import Format, format_for, parse_format
from stdbpy.cli.output.json_text import to_json
from stdbpy.cli.output.records import write_records
from stdbpy.cli.output.sink import open_sink

__all__ = ["Field", "Format", "Plain", "format_for", "open_sink", "parse_format", "text_of", "to_json", "write_records"]
