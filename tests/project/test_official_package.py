"""Packages in other languages: the real program writes the same for a definition as for the module that has it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from stdbpy.engine.sql.row_security import rule_problems
from stdbpy.errors import ProjectError
from stdbpy.module.load import load
from stdbpy.module.package import source_of_folder
from stdbpy.project.official_package import OfficialPackage
from stdbpy.schema.model import ModuleSchema
from stdbpy.wasm.description import read_wasm
from tests import real_servers

pytestmark = pytest.mark.real

PORTS = Path(__file__).parents[1] / "modules"


@pytest.fixture
def official(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The real program, installed as people have it, and a home without its configuration."""
    program = real_servers.program("spacetimedb-cli-2.8.3")
    if not program.with_name("spacetimedb-standalone").exists():
        pytest.skip("needs spacetimedb-standalone beside spacetimedb-cli-2.8.3, which reads definitions")
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "spacetime").symlink_to(program)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return program


def written_from(module: Path, language: str, program: Path) -> dict[str, str]:
    """What the program writes when it reads the module itself."""
    folder = module.parent / "official"
    command = [str(program), "--config-path", str(module.parent / "cli.toml"), "generate", "--lang", language]
    words = ["--bin-path", str(module), "--out-dir", str(folder), "--yes", "--no-config"]
    subprocess.run([*command, *words], check=True, capture_output=True, timeout=60)
    return contents(folder)


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("name", "language", "port"),
    [
        *(("quickstart_chat-1.2.0", language, "quickstart_chat") for language in ("typescript", "csharp", "rust")),
        # Hundreds of tables and reducers, for which the program takes seconds.
        pytest.param("sdk_test-1.2.0", "rust", "sdk_test", marks=pytest.mark.long),
        pytest.param("sdk_test-2.8.3", "csharp", "sdk_test_2_8_3", marks=pytest.mark.long),
        ("sdk_test_view-2.8.3", "typescript", None),
        ("sdk_test_procedure-2.8.3", "typescript", None),
        ("sdk_test_event_table-2.8.3", "typescript", None),
    ],
)
def test_the_same_as_from_the_compiled_module(
    name: str, language: str, port: str | None, official: Path, tmp_path: Path
) -> None:
    """Also for the port of the module to Python."""
    module = tmp_path / "module.wasm"
    module.write_bytes(real_servers.wasm(name))
    expected = written_from(module, language, official)

    package = OfficialPackage(lambda: read_wasm(module.read_bytes()), language, tmp_path / "ours")
    package.write()

    assert contents(tmp_path / "ours") == expected
    assert not package.write(check=True)[1]
    assert not (tmp_path / "home" / ".config").exists()
    if port is not None:
        of_port = OfficialPackage(lambda: schema_of(port), language, tmp_path / "ours")
        assert not of_port.write(check=True)[1]


def schema_of(port: str) -> ModuleSchema:
    return load(source_of_folder(PORTS / port), rule_problems).schema


def test_what_no_longer_belongs_to_the_package_goes(official: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unity"
    OfficialPackage(lambda: schema_of("quickstart_chat"), "csharp", folder).write()
    (folder / "Reducers" / "Mine.cs").write_text("// mine\n")

    _, differences = OfficialPackage(ModuleSchema, "csharp", folder).write()

    assert "Reducers/SetName.g.cs" in differences.deleted
    assert sorted(contents(folder)) == ["Reducers/Mine.cs", "SpacetimeDBClient.g.cs"]


def test_an_unreal_project(official: Path, tmp_path: Path) -> None:
    """What the project has stays: its own files of the module, and its list of modules but for one more."""
    project = tmp_path / "Game"
    package = OfficialPackage(lambda: schema_of("quickstart_chat"), "unrealcpp", project, unreal_module_name="Client")
    with pytest.raises(ProjectError, match=r"no \.uproject file"):
        package.write()
    own = project / "Source" / "Client" / "Client.Build.cs"
    own.parent.mkdir(parents=True)
    own.write_text("// mine\n")
    (project / "Game.uproject").write_text('{"FileVersion": 3}')

    assert package.write(check=True)[1]
    assert sorted(contents(project)) == ["Game.uproject", "Source/Client/Client.Build.cs"]
    _, differences = package.write()

    assert "Source/Client/Public/ModuleBindings/Tables/UserTable.g.h" in differences.created
    assert differences.changed == ("Game.uproject",)
    assert json.loads((project / "Game.uproject").read_text())["Modules"][0]["Name"] == "Client"
    assert own.read_text() == "// mine\n"
    assert not package.write()[1]

    OfficialPackage(ModuleSchema, "unrealcpp", project, unreal_module_name="Client").write()
    assert not [name for name in contents(project) if "UserTable" in name]
