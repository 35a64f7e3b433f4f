"""What one run of the program was told by the options that every command takes."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    import typer
    from typer import _click

    from stdbpy.project.cli_toml import CliToml
    from stdbpy.project.credentials import CredentialStore
    from stdbpy.project.known_names import KnownNames


@dataclass(slots=True)
class Invocation:
    """The global options of one run, and what follows from them."""

    debug: bool = False
    """Show tracebacks."""
    quiet: bool = False
    """Leave out notes; data and errors are always written."""
    config_path: Path | None = None
    """Another ``cli.toml`` than the user's."""
    root_dir: Path | None = None
    """Where everything is kept instead of in the user's folders, laid out as the official program does."""

    def note(self, text: str) -> None:
        """Tells the user something that is not data: to stderr, unless ``--quiet``."""
        if not self.quiet:
            sys.stderr.write(f"{text}\n")  # in one piece, where others write as well

    @property
    def cli_toml_path(self) -> Path | None:
        """The ``cli.toml`` to read and write; ``None`` for the user's."""
        if self.config_path is not None or self.root_dir is None:
            return self.config_path
        from stdbpy.project import paths

        return paths.cli_toml_path(self.root_dir)

    @property
    def credentials_path(self) -> Path | None:
        """The file of tokens; ``None`` for the user's. Who names another ``cli.toml`` is somebody else as
        well, as in the official program, where that file has the token: so its tokens are kept beside it."""
        path = self.cli_toml_path
        return None if path is None else path.with_suffix(".credentials.json")

    def config(self) -> CliToml:
        """What ``cli.toml`` says. Raises :class:`~stdbpy.errors.ConfigError`."""
        from stdbpy.project import cli_toml

        return cli_toml.read(self.cli_toml_path)

    def credentials(self) -> CredentialStore:
        """The tokens that are kept for servers."""
        from stdbpy.project.credentials import CredentialStore

        return CredentialStore(self.credentials_path)

    def known_names(self) -> KnownNames:
        """Names that shells complete with; whoever reads a schema or a list of databases adds to them."""
        from stdbpy.project.known_names import KnownNames

        return KnownNames(None if self.root_dir is None else self.root_dir / "stdbpy" / "names")

    def data_dir(self) -> Path:
        """Where a server that this run starts keeps its databases unless told otherwise."""
        from stdbpy.project import paths

        return paths.data_dir(self.root_dir)


def invocation_of(context: typer.Context) -> Invocation:
    """The invocation that :func:`stdbpy.cli.main.main` put into the command's context."""
    return cast("Invocation", context.obj)


def is_said(context: _click.Context, parameter: str) -> bool:
    """Whether the command line has a parameter; its value may also be that of a variable, or the default."""
    source = context.get_parameter_source(parameter)
    return source is not None and source.name == "COMMANDLINE"
