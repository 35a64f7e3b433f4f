"""What ``dev`` does all the time: a server, the module in it, its clients' code, the client, and what they log."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from stdbpy.cli.building import load_program
from stdbpy.cli.connection import connect, server_url
from stdbpy.cli.invocation import Invocation
from stdbpy.cli.labels import LabelledLines
from stdbpy.cli.local_servers import LocalServers
from stdbpy.cli.publishing import Consent, publish_target
from stdbpy.cli.terminal import printable
from stdbpy.cli.watching import repeat
from stdbpy.errors import ApiError, StdbError
from stdbpy.project.processes import Companion
from stdbpy.sats.values import Timestamp
from stdbpy.signals import answering

if TYPE_CHECKING:
    from stdbpy.project.model import Target
    from stdbpy.project.programs import Program

SERVER, LOG, CLIENT = "server", "log", "client"
"""The labels of those who write."""


@dataclass
class Development:
    """One run of ``dev``: :meth:`run` returns at Ctrl-C, with all that it started ended."""

    invocation: Invocation
    targets: list[Target]
    """What to publish, as the project's files said it last."""
    read_targets: Callable[[], list[Target]]
    """Reads them again."""
    consent: Consent
    folder: Path
    """Where the client runs."""
    client: str | None = None
    """The command of the client, for the shell."""
    bindings: Path | None = None
    """Where generated code goes instead of where the project says."""
    data_dir: Path | None = None
    """Where a server that is started keeps its databases."""
    allow_loopback_http: bool = False
    """Whether procedures on such a server may send HTTP requests to this machine."""
    strict: bool = False
    """Whether such a server imports Python modules anew for each call."""
    publishes: bool = True
    generates: bool = True

    _lines: LabelledLines = field(default_factory=lambda: LabelledLines((SERVER, LOG, CLIENT)))
    _agreed: set[str] = field(init=False)
    """The servers that the user has agreed to."""
    _published: dict[tuple[str | None, str | None], bytes] = field(default_factory=dict)
    _followed: set[tuple[str, str]] = field(default_factory=set)
    _running_client: Companion | None = None
    _is_ending: bool = False
    _has_failed: bool = False
    """The round before, so that what is right again is told even if nothing is to be published."""

    def run(self) -> None:
        """Raises :class:`StdbError` if there is no server and none can be started. What goes wrong later is
        told, and the next change tries again. To be called on the main thread, where signals come."""
        with ExitStack() as until_the_end:
            until_the_end.enter_context(_ending_like_ctrl_c())
            servers = LocalServers(
                self.invocation,
                self._lines.writer(SERVER),
                self.data_dir,
                allow_loopback_http=self.allow_loopback_http,
                strict=self.strict,
            )
            until_the_end.callback(servers.stop)
            until_the_end.callback(self._stop_client)
            until_the_end.callback(self._note_end)
            self._expect_servers(servers)
            repeat(
                lambda: self._bring_up_to_date(servers),
                self.invocation,
                [self.folder, *(target.module_path for target in self.targets if target.module_path is not None)],
                left_out=self._generated_folders(),
                files=[path for target in self.targets for path in (target.bin_path, target.js_path) if path],
            )

    def __post_init__(self) -> None:
        self._agreed = self._servers()

    def _note_end(self) -> None:
        self._is_ending = True

    # --- one round ---------------------------------------------------------------------------

    def _servers(self) -> set[str]:
        return {server_url(self.invocation, target.server) for target in self.targets}

    def _expect_servers(self, servers: LocalServers) -> None:
        from stdbpy.api.address import Address

        for url in self._servers() if self.publishes else ():
            if url not in self._agreed and not Address.parse(url).is_loopback:
                raise StdbError(
                    f"the project is now for {url}, which is not on this machine",
                    hint="Start dev again to publish each change there",
                )
            servers.expect(url)

    def _bring_up_to_date(self, servers: LocalServers) -> None:
        programs: dict[tuple[Path | None, ...], Program] = {}
        has_failed, self._has_failed = self._has_failed, True

        def load(module_path: Path | None, bin_path: Path | None, js_path: Path | None) -> Program:
            """Each module is built once a round."""
            source = (module_path, bin_path, js_path)
            if source not in programs:
                programs[source] = load_program(*source)
            return programs[source]

        self.targets = self.read_targets()
        self._expect_servers(servers)
        if self.publishes:
            for target in self.targets:
                is_new = self._publish(target, load(target.module_path, target.bin_path, target.js_path))
                if has_failed and not is_new:
                    self.invocation.note(f"{target.database or target.project_name} has this version of the module")
        if self.generates:
            self._generate(load)
        if self.client is not None:
            self._restart_client(self.client)
        self._has_failed = False

    def _publish(self, target: Target, program: Program) -> bool:
        """Whether there was something to publish: with a change of the client alone there is not."""
        key = (target.server, target.database)
        if self._published.get(key) == program.content:
            return False
        # Clients are generated and started anew, so that none is left which an update could break.
        consent = replace(self.consent, break_clients=True)
        before = Timestamp.now()
        record = publish_target(self.invocation, target, consent, program=program)
        self._published[key] = program.content
        self.invocation.note(f"{record['op']} database {record['name'] or record['identity']} on {record['server']}")
        self._follow_log(target, str(record["identity"]), str(record["server"]), before)
        return True

    def _generate(self, load: Callable[..., Program]) -> None:
        from stdbpy.project.generating import wanted_packages

        wanting = [target for target in self.targets if self.bindings is not None or target.generate]
        if not wanting:
            return
        for package in wanted_packages(wanting, out_dir=self.bindings, root=self.folder, load=load):
            _, differences = package.write()
            if differences:
                self.invocation.note(f"{os.path.relpath(package.folder)} is up to date with the module")

    def _generated_folders(self) -> list[Path]:
        said = [entry.out_dir for target in self.targets for entry in target.generate if entry.out_dir is not None]
        return said if self.bindings is None else [*said, self.bindings]

    # --- the client --------------------------------------------------------------------------

    def _restart_client(self, command: str) -> None:
        self._stop_client()
        # `python` is the one that runs this, with the same packages, whether or not its environment is active.
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        variables = {"PATH": path, **self._addresses()}
        write = self._lines.writer(CLIENT)

        def ended(exit_code: int) -> None:
            write("(ended)" if exit_code == 0 else f"(ended with exit code {exit_code})")

        self._running_client = Companion(command, write, on_end=ended, folder=self.folder, variables=variables)

    def _addresses(self) -> dict[str, str]:
        """The variables in which a client finds what it talks to."""
        target = self.targets[0]
        database = target.database or target.project_name
        url = server_url(self.invocation, target.server)
        return {"STDBPY_SERVER": url, **({} if database is None else {"STDBPY_DATABASE": database})}

    def _stop_client(self) -> None:
        if self._running_client is not None:
            self._running_client.stop()
            self._running_client = None

    # --- the logs ----------------------------------------------------------------------------

    def _follow_log(self, target: Target, identity: str, url: str, since: Timestamp) -> None:
        if (url, identity) in self._followed:
            return
        self._followed.add((url, identity))
        Thread(target=self._show_log, args=(target, identity, url, since), daemon=True).start()

    def _show_log(self, target: Target, identity: str, url: str, since: Timestamp) -> None:
        from stdbpy.api.log_follow import follow_logs
        from stdbpy.cli.log_lines import log_line

        write = self._lines.writer(LOG, is_painted=True)
        prefix = f"{target.database}: " if len(self.targets) > 1 else ""
        is_away = False

        def lost(reason: ApiError | None) -> None:
            nonlocal is_away
            if not is_away and reason is not None and not self._is_ending:
                write(f"{prefix}{printable(reason.message)}; the next change starts one, if it was on this machine")
                is_away = True

        try:
            with connect(self.invocation, target.server, anonymous=target.anonymous) as api:
                for record in follow_logs(api, identity, since=since, lost=lost):
                    is_away = False
                    write(f"{prefix}{log_line(record, sys.stdout)}")
        except ApiError as error:
            write(f"{prefix}{printable(error.message)}; the next change publishes it again")
            self._published.pop((target.server, target.database), None)
            self._followed.discard((url, identity))


@contextmanager
def _ending_like_ctrl_c() -> Iterator[None]:
    """Makes the other ways to ask a program to end, such as closing its terminal, do what Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with answering("SIGTERM", "SIGHUP", with_=interrupt):
        yield
