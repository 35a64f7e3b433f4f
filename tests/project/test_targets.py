from __future__ import annotations

import json
from pathlib import Path

import pytest

from stdbpy.errors import ConfigError, ProjectError
from stdbpy.project.model import GenerateTarget, Target
from stdbpy.project.targets import ProjectTargets, load_targets
from tests.project.conftest import MakeTree

PYPROJECT = '[project]\nname = "my-game"\n'


def targets_in(folder: Path, env: str | None = None) -> ProjectTargets:
    found = load_targets(folder, env)
    assert found is not None
    return found


def by_database(found: ProjectTargets) -> dict[str | None, Target]:
    return {target.database: target for target in found.targets}


def test_everything_that_the_reference_page_lists(tree: MakeTree) -> None:
    root = tree(
        {
            "spacetime.json": """{
                // comments, and keys without quotes
                database: "my-game", 'server': "maincloud", "module-path": "./server",
                "build-options": "--lint-dir=", "break-clients": true, "num-replicas": 2, anonymous: true,
                organization: "acme", parent: "world", "native-aot": false, "dotnet-version": "10",
                generate: [
                    {language: "typescript", "out-dir": "./web/src", "include-private": true},
                    {language: "unrealcpp", "uproject-dir": "unreal", "unreal-module-name": "M", "module-prefix": "P"},
                ],
                dev: {run: "npm run dev"},
            }"""
        }
    )

    found = targets_in(root)

    server = root / "server"
    assert found.root == root
    assert found.files == (root / "spacetime.json",)
    assert found.dev_run == "npm run dev"
    assert found.targets == (
        Target(
            database="my-game",
            server="maincloud",
            module_path=server,
            build_options="--lint-dir=",
            break_clients=True,
            anonymous=True,
            organization="acme",
            parent="world",
            num_replicas=2,
            generate=(
                GenerateTarget("typescript", root / "web/src", server, include_private=True),
                GenerateTarget("unrealcpp", root / "unreal", server, unreal_module_name="M", module_prefix="P"),
            ),
            origin=root / "spacetime.json",
        ),
    )


def test_spellings_of_the_official_program_are_read_too(tree: MakeTree) -> None:
    root = tree(
        {"spacetime.json": '{"database": "a", "wasm_file": "a.wasm", "anon-identity": true, "num_replicas": 1}'}
    )

    (target,) = targets_in(root).targets

    assert (target.bin_path, target.module_path, target.anonymous, target.num_replicas) == (
        root / "a.wasm",
        None,
        True,
        1,
    )


def test_children_inherit_all_but_what_is_a_database_s_own(tree: MakeTree) -> None:
    root = tree(
        {
            "spacetime.json": json.dumps(
                {
                    "database": "world",
                    "server": "maincloud",
                    "module-path": "world",
                    "organization": "acme",
                    "generate": [{"language": "rust", "out-dir": "out"}],
                    "dev": {"run": "x"},
                    "children": [
                        {"database": "east", "children": [{"database": "far-east", "organization": "far"}]},
                        {"database": "west", "server": "local"},
                    ],
                }
            )
        }
    )

    found = by_database(targets_in(root))

    assert list(found) == ["world", "east", "far-east", "west"]
    assert found["world"].generate
    for name in ("east", "far-east", "west"):
        assert found[name].generate == ()
        assert found[name].module_path == root / "world"
        assert found[name].origin == root / "spacetime.json"
    assert [found[name].server for name in ("east", "far-east", "west")] == ["maincloud", "maincloud", "local"]
    assert [found[name].organization for name in ("east", "far-east", "west")] == ["acme", "far", "acme"]


@pytest.mark.parametrize("parent", ["module-path", "bin-path", "js-path", "wasm-file", "js-file"])
@pytest.mark.parametrize("child", ["module-path", "bin-path", "js-path"])
def test_a_child_that_names_a_source_inherits_no_other(tree: MakeTree, parent: str, child: str) -> None:
    root = tree(
        {
            "spacetime.json": json.dumps(
                {"database": "a", parent: "of-a", "children": [{"database": "b", child: "of-b"}]}
            )
        }
    )

    target = by_database(targets_in(root))["b"]

    paths = {"module-path": target.module_path, "bin-path": target.bin_path, "js-path": target.js_path}
    assert {key: path for key, path in paths.items() if path} == {child: root / "of-b"}


def test_a_generate_entry_takes_the_module_of_its_database_unless_it_names_one(tree: MakeTree) -> None:
    entries = [
        {"language": "rust", "out-dir": "x"},
        {"language": "rust", "out-dir": "x", "module-path": "other"},
        {"language": "rust", "out-dir": "x", "wasm-file": "other.wasm"},
    ]
    root = tree({"spacetime.json": json.dumps({"database": "a", "bin-path": "a.wasm", "generate": entries})})

    (target,) = targets_in(root).targets

    sources = [(each.module_path, each.bin_path) for each in target.generate]
    assert sources == [(None, root / "a.wasm"), (root / "other", None), (None, root / "other.wasm")]


def test_later_layers_replace_whole_keys_and_children_one_by_one(tree: MakeTree) -> None:
    rust, csharp = {"language": "rust", "out-dir": "r"}, {"language": "csharp", "out-dir": "c"}
    layers = {
        "spacetime.json": {
            "database": "game",
            "server": "maincloud",
            "generate": [rust, csharp],
            "children": [{"database": "east", "organization": "acme"}, {"database": "west"}],
        },
        "spacetime.local.json": {"database": "game-ann", "children": [{"database": "east-ann"}]},
        "spacetime.dev.json": {"server": "local", "generate": [csharp]},
        "spacetime.dev.local.json": {"children": [{}, {"database": "west-dev"}, {"database": "never"}]},
    }
    root = tree({name: json.dumps(layer) for name, layer in layers.items()})

    plain, dev = targets_in(root), targets_in(root, "dev")

    assert [target.database for target in plain.targets] == ["game-ann", "east-ann", "west"]
    assert [target.database for target in dev.targets] == ["game-ann", "east-ann", "west-dev"]
    assert plain.targets[1].organization == "acme"
    assert [target.server for target in dev.targets] == ["local"] * 3
    assert [len(each.targets[0].generate) for each in (plain, dev)] == [2, 1]
    assert [path.name for path in dev.files] == list(layers)
    origins = [target.origin.name for target in dev.targets if target.origin]
    assert origins == ["spacetime.local.json", "spacetime.local.json", "spacetime.dev.local.json"]


def test_layers_count_only_beside_spacetime_json(tree: MakeTree) -> None:
    root = tree({"spacetime.json": '{"database": "a"}', "inner/spacetime.local.json": '{"database": "b"}'})

    assert [target.database for target in targets_in(root / "inner").targets] == ["a"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        (None, ["world", "world-east", "lobby"]),
        ("world", ["world"]),
        ("world*", ["world", "world-east"]),
        ("*-????", ["world-east"]),
        ("[lw]o[br]*", ["world", "world-east", "lobby"]),
        ("[!w]*", ["lobby"]),
    ],
)
def test_selection(tree: MakeTree, pattern: str | None, names: list[str]) -> None:
    children = [{"database": "world-east"}, {"database": "lobby"}]
    found = targets_in(tree({"spacetime.json": json.dumps({"database": "world", "children": children})}))

    assert [target.database for target in found.select(pattern)] == names


def test_what_is_not_selected_is_told_with_the_nearest_name(tree: MakeTree) -> None:
    root = tree({"spacetime.json": '{"database": "world", "children": [{"database": "lobby"}]}'})

    for adopt in (False, True):
        with pytest.raises(ProjectError, match=rf"the project in {root} has no database 'wrld'") as caught:
            targets_in(root).select("wrld", adopt=adopt)
        assert caught.value.hint == "Did you mean 'world'? With --no-config, the project's files do not count."
    with pytest.raises(ProjectError) as caught:
        targets_in(root).select("x*")
    assert "It has: world, lobby." in caught.value.hint


def test_another_name_takes_the_place_of_the_only_target(tree: MakeTree) -> None:
    found = targets_in(tree({"spacetime.json": '{"database": "world", "organization": "acme"}'}))

    (target,) = found.select("copy", adopt=True)

    assert (target.database, target.organization, target.origin) == ("copy", "acme", None)
    with pytest.raises(ProjectError):
        found.select("copy")
    with pytest.raises(ProjectError):
        found.select("cop*", adopt=True)


def test_an_object_that_only_holds_what_children_share_is_not_selected(tree: MakeTree) -> None:
    found = targets_in(tree({"spacetime.json": '{"server": "local", "children": [{"database": "a"}]}'}))

    assert [target.database for target in found.targets] == [None, "a"]
    assert [target.database for target in found.select()] == ["a"]


def test_a_python_project_is_a_target_by_itself(tree: MakeTree) -> None:
    text = '[tool.stdbpy]\ndatabase = "game"\nserver = "local"\nbindings = "out"\ninclude-private = true\n'
    root = tree({"pyproject.toml": PYPROJECT + text + 'dev-run = "python client.py"\n', "pkg/module.py": ""})

    found = targets_in(root / "pkg")

    assert (found.root, found.files, found.dev_run) == (root, (root / "pyproject.toml",), "python client.py")
    assert found.targets == (
        Target(
            database="game",
            server="local",
            module_path=root,
            generate=(GenerateTarget("python", root / "out", root, include_private=True),),
            origin=root / "pyproject.toml",
            project_name="my-game",
        ),
    )


def test_a_python_project_that_says_nothing_names_no_database(tree: MakeTree) -> None:
    root = tree({"pyproject.toml": PYPROJECT})

    found = targets_in(root)

    assert found.files == ()
    assert found.targets == (Target(database=None, module_path=root, project_name="my-game"),)
    assert found.select() == list(found.targets)


def test_no_project(tree: MakeTree) -> None:
    assert load_targets(tree({"notes.txt": ""})) is None


def test_tool_stdbpy_adds_to_spacetime_json(tree: MakeTree) -> None:
    text = '[tool.stdbpy]\nserver = "local"\nbindings = "client/bindings"\ndev-run = "python client.py"\n'
    root = tree({"pyproject.toml": PYPROJECT + text, "spacetime.json": '{"database": "game"}'})

    found = targets_in(root)
    (target,) = found.targets

    assert (target.database, target.server, target.module_path) == ("game", "local", root)
    assert target.generate == (GenerateTarget("python", root / "client/bindings", root),)
    assert found.files == (root / "spacetime.json", root / "pyproject.toml")
    assert found.dev_run == "python client.py"


def test_tool_stdbpy_beside_the_file_and_of_the_module_and_of_a_child(tree: MakeTree) -> None:
    root = tree(
        {
            "spacetime.json": '{"module-path": "a", "children": [{"module-path": "b"}, {"database": "c"}]}',
            "pyproject.toml": '[tool.stdbpy]\nbindings = "client"\n',
            "a/pyproject.toml": '[tool.stdbpy]\ndatabase = "of-a"\nserver = "local"\n',
            "b/pyproject.toml": '[tool.stdbpy]\ndatabase = "of-b"\nbindings = "out"\n',
        }
    )

    found = by_database(targets_in(root))

    assert list(found) == ["of-a", "of-b", "c"]
    assert [target.server for target in found.values()] == ["local"] * 3
    assert [target.origin for target in found.values()] == [
        root / "a/pyproject.toml",
        root / "b/pyproject.toml",
        root / "spacetime.json",
    ]
    generated = {name: [(each.out_dir, each.module_path) for each in target.generate] for name, target in found.items()}
    assert generated == {
        "of-a": [(root / "client", root / "a")],
        "of-b": [(root / "b/out", root / "b")],
        "c": [],
    }


@pytest.mark.parametrize(
    ("key", "said", "table"),
    [
        ("database", '"database": "b"', 'database = "a"'),
        ("server", '"server": "b"', 'server = "a"'),
        ("dev-run", '"dev": {"run": "b"}', 'dev-run = "a"'),
    ],
)
def test_the_same_key_in_both_files_is_an_error(tree: MakeTree, key: str, said: str, table: str) -> None:
    root = tree({"pyproject.toml": f"[tool.stdbpy]\n{table}", "spacetime.json": f"{{{said}}}"})

    with pytest.raises(ConfigError, match=rf"{key} is said twice: in \[tool.stdbpy\] .*spacetime\.json") as caught:
        load_targets(root)
    assert caught.value.hint == "Remove it from one of them."


TWO_DATABASES = '{"database": "a", "module-path": "a", "children": [{"database": "b", "module-path": "b"}]}'


def test_the_same_name_in_both_files_is_none(tree: MakeTree) -> None:
    root = tree(
        {
            "spacetime.json": TWO_DATABASES,
            "a/pyproject.toml": '[tool.stdbpy]\ndatabase = "a"\n',
            "b/pyproject.toml": '[tool.stdbpy]\ndatabase = "b"\n',
        }
    )

    for folder in (root, root / "a", root / "b"):
        targets = targets_in(folder).targets
        assert [(target.database, target.origin) for target in targets] == [
            ("a", root / "spacetime.json"),
            ("b", root / "spacetime.json"),
        ]


def test_all_files_that_name_a_database_otherwise_are_told_at_once(tree: MakeTree) -> None:
    root = tree(
        {
            "spacetime.json": TWO_DATABASES,
            "a/pyproject.toml": '[tool.stdbpy]\ndatabase = "x"\n',
            "b/pyproject.toml": '[tool.stdbpy]\ndatabase = "y"\n',
        }
    )

    with pytest.raises(ConfigError) as caught:
        load_targets(root)
    both = root / "spacetime.json"
    assert caught.value.message == (
        f"database is said twice: in [tool.stdbpy] of {root / 'a/pyproject.toml'} and in {both}; "
        f"database is said twice: in [tool.stdbpy] of {root / 'b/pyproject.toml'} and in {both}"
    )
    assert caught.value.hint == "Remove each from one of them."


def test_a_later_layer_replaces_what_tool_stdbpy_says(tree: MakeTree) -> None:
    root = tree(
        {
            "pyproject.toml": '[tool.stdbpy]\ndatabase = "game"\n',
            "spacetime.json": "{}",
            "spacetime.local.json": '{"database": "game-ann"}',
        }
    )

    (target,) = targets_in(root).targets

    assert (target.database, target.origin) == ("game-ann", root / "spacetime.local.json")


def test_from_a_folder_that_no_module_path_leads_to(tree: MakeTree) -> None:
    root = tree(
        {
            "spacetime.json": '{"database": "game", "module-path": "server"}',
            "client/pyproject.toml": PYPROJECT,
            "tools/pyproject.toml": '[tool.stdbpy]\ndatabase = "tools"\n',
            "server/pyproject.toml": '[tool.stdbpy]\nmodule = "game"\n',
        }
    )

    databases = {name: targets_in(root / name).targets[0].database for name in ("client", "tools", "server")}

    assert databases == {"client": "game", "tools": "tools", "server": "game"}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, ""),
        ({"spacetimedb/Cargo.toml": ""}, "spacetimedb"),
        ({"spacetimedb/pyproject.toml": "", "pyproject.toml": ""}, "spacetimedb"),
        ({"spacetimedb/module.csproj": ""}, "spacetimedb"),
        ({"spacetimedb/notes.txt": "", "pyproject.toml": ""}, ""),
        ({"spacetimedb/notes.txt": ""}, "spacetimedb"),
    ],
)
def test_where_the_module_is_if_nobody_says(tree: MakeTree, files: dict[str, str], expected: str) -> None:
    root = tree({"spacetime.json": '{"database": "a"}', **files})

    assert targets_in(root).targets[0].module_path == root / expected
