"""What may stand in ``spacetime.json``, and how a mistake in it is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.errors import ConfigError
from stdbpy.project.targets import load_targets
from tests.project.conftest import MakeTree


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ('{\n "databse": "x"\n}', "2: unknown field `databse`", "Did you mean 'database'?"),
        ('{\n "bin-pth": "x"\n}', "2: unknown field `bin-pth`", "Did you mean 'bin-path'?"),
        ('{\n "children": [{},\n {database: 1}]}', "3: database must be a string", ""),
        ('{"num-replicas":\n 256}', "1: num-replicas must be a whole number from 0 to 255", ""),
        ('{"num-replicas": true}', "1: num-replicas must be a whole number", ""),
        ('{"break-clients": 1}', "1: break-clients must be true or false", ""),
        ('{"server": null}', "1: server must be a string", ""),
        ('{"server": "\\u0000"}', "1: server must be a string", ""),
        ('{"server": "\\ud800"}', "1: server must be a string", ""),
        ('{"children": {}}', "1: children must be a list", ""),
        ('{"children": [\n1]}', "2: each of children must be an object", ""),
        ('{"generate": [{}]}', "1: language is missing", ""),
        ('{generate: [{\nlanguage: "go"}]}', "2: there is no language 'go'", "It may be: typescript"),
        ('{generate: [{\nlanguage: "rst"}]}', "2: there is no language 'rst'", "Did you mean 'rust'?"),
        ('{generate: [{language: "rust",\n"outdir": ""}]}', "2: unknown field `outdir`", "Did you mean 'out-dir'?"),
        ('{generate: [{language: "python"}]}', '1: the official program refuses a file with "language"', "bindings ="),
        ('{"dev": {"runs": ""}}', "1: unknown field `runs`", "Did you mean 'run'?"),
        ('{"module-path": "a",\n"module_path": "b"}', "2: module_path says module-path for the second time", "Remove"),
        ('{"wasm-file": "a", "bin-path": "b"}', "1: bin-path says bin-path for the second time", "Remove"),
        ('{"database": "a", "children": [\n{"server": "b"}]}', "2: this child has no database", "names its own"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tree: MakeTree, text: str, message: str, hint: str) -> None:
    root = tree({"spacetime.json": text})

    with pytest.raises(ConfigError) as caught:
        load_targets(root)
    assert caught.value.message.startswith(f"{root / 'spacetime.json'}:{message}")
    assert hint in caught.value.hint


def test_a_wrong_layer_is_named(tree: MakeTree) -> None:
    root = tree({"spacetime.json": "{}", "spacetime.dev.json": '{\n"server": 1}'})

    assert load_targets(root) is not None
    with pytest.raises(ConfigError, match=r"spacetime\.dev\.json:2: server must be a string"):
        load_targets(root, "dev")


def test_null_says_nothing_where_the_official_program_takes_it(tree: MakeTree) -> None:
    text = '{"database": "a", "generate": null, "children": null, "dev": null, "_source-config": "x"}'

    found = load_targets(tree({"spacetime.json": text}))
    assert found is not None
    assert len(found.targets) == 1


@given(text=st.text(st.sampled_from("{}[]:,'\"/*\\\n \t\ra1.e+-x\0é@"), max_size=30))
def test_no_text_makes_reading_fail_in_another_way(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "json5"
    folder.mkdir(exist_ok=True)
    (folder / "spacetime.json").write_text(text, encoding="utf-8")

    try:
        load_targets(folder)
    except ConfigError as error:
        assert str(folder / "spacetime.json") in error.message
