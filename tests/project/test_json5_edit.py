from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.errors import ConfigError
from stdbpy.project.json5_edit import edited, write_value
from stdbpy.project.json5_file import parse_json5

FILE = Path("spacetime.json")


@pytest.mark.parametrize(
    ("before", "keys", "value", "after"),
    [
        ('{"a": 1}', ["a"], "x", '{"a": "x"}'),
        ('{"a": 1}', ["b"], "x", '{"a": 1, "b": "x"}'),
        ("{a: 1,}", ["b"], True, '{a: 1, "b": true,}'),
        ("{}", ["b"], 1, '{\n  "b": 1\n}'),
        ("{ }", ["b"], 1, '{\n  "b": 1\n}'),
        ("{ /* none */ }", ["b"], 1, '{ /* none */ "b": 1 }'),
        ("{ // none\n}", ["b"], 1, '{ // none\n  "b": 1\n}'),
        ('{\n\t"a": 1 // one\n\t// more\n}\n', ["b"], 1, '{\n\t"a": 1, // one\n\t// more\n\t"b": 1\n}\n'),
        ('{\r\n  "a": 1,\r\n}\r\n', ["b"], 1, '{\r\n  "a": 1,\r\n  "b": 1,\r\n}\r\n'),
        ("{a: 'x', // why\n b: 2}", ["a"], "y", '{a: "y", // why\n b: 2}'),
        ("{a: 'x\\\ny', b: 2}", ["a"], "y", '{a: "y", b: 2}'),
        ("{dev: {/* r */ run: 'x'}}", ["dev", "run"], "y", '{dev: {/* r */ run: "y"}}'),
        ('{\n  "a": 1\n}', ["dev", "run"], "y", '{\n  "a": 1,\n  "dev": {\n    "run": "y"\n  }\n}'),
        ('{"a": 1, "a": 2}', ["a"], 3, '{"a": 1, "a": 3}'),
        ('{"a": {"b": [1]}}', ["a"], None, '{"a": null}'),
        ('{"é": 1}', ["é"], "ü", '{"é": "ü"}'),
        ("{a: 1}", ["a"], 1, "{a: 1}"),
    ],
)
def test_one_value_changes_and_nothing_else(before: str, keys: list[str], value: Any, after: str) -> None:
    assert edited(parse_json5(FILE, before), keys, value) == after


def test_what_is_no_object_on_the_way_is_told_with_its_line() -> None:
    with pytest.raises(ConfigError, match=r"spacetime\.json:2: dev must be an object"):
        edited(parse_json5(FILE, '{\n"dev": "x"}'), ["dev", "run"], "y")


def test_a_file_that_only_json_reads_is_left_alone() -> None:
    with pytest.raises(ConfigError, match="cannot be changed without touching more than b") as caught:
        edited(parse_json5(FILE, '{"a": "\u2028"}'), ["b"], 1)
    assert caught.value.hint == "It is left as it was; change it by hand."


def test_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "spacetime.local.json"

    assert write_value(path, ["dev", "run"], "x")
    assert path.read_text() == '{\n  "dev": {\n    "run": "x"\n  }\n}\n'
    assert not write_value(path, ["dev", "run"], "x")


def test_a_broken_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "spacetime.json"
    path.write_text('{"a": 1,\n oops')

    with pytest.raises(ConfigError, match=r"spacetime\.json:2: not valid JSON5"):
        write_value(path, ["a"], 2)
    assert path.read_text() == '{"a": 1,\n oops'
    assert sorted(each.name for each in tmp_path.iterdir()) == ["home", "spacetime.json"]


def test_a_link_stays_one_and_a_file_keeps_its_mode(tmp_path: Path) -> None:
    real = tmp_path / "real.json"
    real.write_text("{}")
    real.chmod(0o664)
    link = tmp_path / "spacetime.json"
    link.symlink_to(real)

    write_value(link, ["a"], 1)

    assert link.is_symlink()
    assert json.loads(real.read_text()) == {"a": 1}
    assert real.stat().st_mode & 0o777 == 0o664


def test_a_folder_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*args: object, **kwargs: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refused)

    with pytest.raises(ConfigError, match=r"spacetime\.json cannot be written: Permission denied"):
        write_value(tmp_path / "spacetime.json", ["a"], 1)


BLANKS = st.sampled_from(["", " ", "\n", "\n    ", "\r\n\t", " /* note */ ", " // note\n", "\n// two\n// notes\n  "])
KEYS = st.sampled_from(["a", "b", "server", "module-path", "dev", "é"])
SCALARS = st.one_of(
    st.sampled_from(["true", "null", "-1", "+0x1F", ".5", "1e3", "'it''s'".replace("''", "\\'"), "'x\\\ny'"]),
    st.text("ab{}[]\"'/*\\, é😀", max_size=6).map(lambda text: json.dumps(text, ensure_ascii=False)),
)


def spelt(key: str, style: int) -> str:
    if style == 0 and "-" not in key:
        return key
    return f"'{key}'" if style == 1 else json.dumps(key, ensure_ascii=False)


@st.composite
def objects(draw: st.DrawFn, depth: int = 2) -> str:
    parts = []
    for key in draw(st.lists(KEYS, max_size=4, unique=True)):
        inner = draw(st.sampled_from(["scalar", "object", "list"])) if depth else "scalar"
        value = draw(SCALARS)
        if inner == "object":
            value = draw(objects(depth - 1))
        elif inner == "list":
            value = f"[{draw(BLANKS)}{value}{draw(BLANKS)},{draw(BLANKS)}{draw(SCALARS)}]"
        name = spelt(key, draw(st.integers(0, 2)))
        parts.append(f"{draw(BLANKS)}{name}{draw(BLANKS)}:{draw(BLANKS)}{value}{draw(BLANKS)}")
    comma = "," + draw(BLANKS) if parts and draw(st.booleans()) else ""
    return "{" + (",".join(parts) or draw(BLANKS)) + comma + "}"


@given(
    text=st.builds(lambda before, it, after: before + it + after, BLANKS, objects(), BLANKS),
    keys=st.lists(KEYS, min_size=1, max_size=2),
    value=st.one_of(st.text(max_size=4), st.booleans(), st.dictionaries(KEYS, st.integers(), max_size=2)),
)
def test_whatever_the_file_one_edit_changes_just_that(text: str, keys: list[str], value: Any) -> None:
    file = parse_json5(FILE, text)
    holder: Any = file.values
    for key in keys[:-1]:
        holder = holder.get(key, {})
        if not isinstance(holder, dict):
            return
    is_new = keys[-1] not in holder

    after = edited(file, keys, value)

    expected = json.loads(json.dumps(file.values))
    inner = expected
    for key in keys[:-1]:
        inner = inner.setdefault(key, {})
    inner[keys[-1]] = value
    assert parse_json5(FILE, after).values == expected
    if is_new:  # all else is there, in its order: comments too
        left = iter(after)
        assert all(character in left for character in text if not character.isspace())
    else:
        before_it, after_it = edited(file, keys, "where it is").split('"where it is"')
        assert text.startswith(before_it)
        assert text.endswith(after_it)
        assert after.startswith(before_it)
        assert after.endswith(after_it)
        assert parse_json5(FILE, f"{{_: {text[len(before_it) : len(text) - len(after_it)]}}}").values == {
            "_": holder[keys[-1]]
        }
