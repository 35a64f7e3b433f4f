"""What is made from a schema at run time is what code generation would have written."""

from __future__ import annotations

import enum
from pathlib import Path

import msgspec
import pytest

from stdbpy.client.runtime_module import RuntimeModule
from stdbpy.client.tables import BTreeIndex, TableSource, UniqueIndex
from stdbpy.module.load import load
from stdbpy.module.package import source_of_folder
from stdbpy.protocol.cache import ClientCache
from stdbpy.sats.tagged_union import TaggedUnion
from tests.client.generated import imported

MODULES = Path(__file__).parent.parent / "modules"


@pytest.fixture(scope="module")
def schema():
    return load(source_of_folder(MODULES / "sdk_test_2_8_3")).schema


@pytest.fixture(scope="module")
def package(schema, tmp_path_factory):
    with imported(schema, "runtime_twin", tmp_path_factory.mktemp("twin")) as package:
        yield package


@pytest.fixture(scope="module")
def module(schema):
    return RuntimeModule(schema)


def looks(cls: type) -> object:
    """What users can see of a class."""
    if issubclass(cls, msgspec.Struct):
        return cls.__name__, cls.__struct_fields__, cls.__struct_encode_fields__, cls.__struct_config__.frozen
    if issubclass(cls, enum.Enum):
        return cls.__name__, [(member.name, member.value) for member in cls]
    assert issubclass(cls, TaggedUnion)
    return cls.__name__, [(each.__name__, each.__variant_name__, each.__match_args__) for each in cls.__variants__]


def test_classes_are_those_of_generated_code(package, module):
    generated = package.MODULE._classes
    made = module._classes
    assert generated.keys() <= made.keys()
    for ref, cls in generated.items():
        assert looks(made[ref]) == looks(cls)


def test_handles_are_those_of_generated_code(package, module):
    from runtime_twin.handles import Tables

    def source_in(catalog):
        cache = ClientCache(catalog)
        return lambda name: TableSource(cache.tables[name], None)

    generated, made = Tables(source_in(package.MODULE.catalog)), module.tables(source_in(module.catalog))

    def indexes(handle):
        return {
            name: (type(index), index.columns)
            for name, index in vars(handle).items()
            if isinstance(index, UniqueIndex | BTreeIndex)
        }

    assert vars(generated).keys() <= vars(made).keys()
    for name, handle in vars(generated).items():
        other = getattr(made, name)
        assert isinstance(handle, type(other))
        assert indexes(other) == indexes(handle)


def test_reducers_take_what_generated_ones_do(package, module):
    calls = []

    def invoke(name, arguments):
        calls.append((name, arguments))

    made, generated = module.reducers(invoke), package.Reducers(invoke)
    made.insert_one_u_8(3)
    made.insert_one_u_8(n=3)
    generated.insert_one_u_8(n=3)
    assert calls[0] == calls[1] == calls[2]
    names = {name for name in dir(generated) if not name.startswith("_")} - {"invoke"}
    assert names <= set(dir(made))
    for wrong in (lambda: made.insert_one_u_8(), lambda: made.insert_one_u_8(1, 2), lambda: made.insert_one_u_8(x=1)):
        with pytest.raises(TypeError, match=r"insert_one_u_8 takes \(n\)"):
            wrong()
    assert not hasattr(made, "nothing_of_the_kind")
