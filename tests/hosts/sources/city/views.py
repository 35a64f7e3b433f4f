"""Views of all kinds."""

from collections.abc import Iterator
from dataclasses import dataclass

from stdbpy import (
    AnonymousViewContext,
    Identity,
    Query,
    ReducerContext,
    ViewContext,
    at_least,
    auto_inc,
    column,
    reducer,
    table,
    u32,
    u64,
    view,
)


@table
class Citizen:
    id: u64 = auto_inc(primary_key=True)
    identity: Identity = column(unique=True)
    name: str
    age: u32 = column(index="btree")


@dataclass
class Elder:
    id: u64
    name: str


@table(public=True)
class Pet:
    name: str = column(primary_key=True)
    owner: u64 = column(index="btree")


@view(public=True)
def myself(ctx: ViewContext) -> Citizen | None:
    return ctx.db.citizen.identity.find(ctx.sender)


@view(public=True)
def my_pets(ctx: ViewContext) -> list[Pet]:
    me = ctx.db.citizen.identity.find(ctx.sender)
    return [] if me is None else list(ctx.db.pet.owner.filter(me.id))


@view(public=True, primary_key="id")
def elders(ctx: AnonymousViewContext) -> Iterator[Elder]:
    for citizen in ctx.db.citizen.age.filter(at_least(60)):
        yield Elder(citizen.id, citizen.name.upper())


@view(public=True)
def adults(ctx: AnonymousViewContext) -> Query[Citizen]:
    return ctx.query.citizen.where(lambda c: (c.age >= 18) & (c.name != "Nemo"))


@view(public=True)
def pets_of_elders(ctx: AnonymousViewContext) -> Query[Pet]:
    return ctx.query.citizen.where(lambda c: c.age >= 60).right_semijoin(ctx.query.pet, lambda c, p: c.id == p.owner)


@reducer
def settle(ctx: ReducerContext, identity: Identity, name: str, age: u32, pets: list[str]) -> None:
    citizen = ctx.db.citizen.insert(Citizen(identity=identity, name=name, age=age))
    for pet in pets:
        ctx.db.pet.insert(Pet(name=pet, owner=citizen.id))


@reducer
def grow_older(ctx: ReducerContext, name: str, years: u32) -> None:
    for citizen in list(ctx.db.citizen):
        if citizen.name == name:
            citizen.age += years
            ctx.db.citizen.id.update(citizen)


@reducer
def move_out(ctx: ReducerContext) -> None:
    ctx.db.citizen.clear()
    ctx.db.pet.clear()


@view(public=True)
def broken(ctx: AnonymousViewContext) -> list[Pet]:
    """Raises as soon as there is a pet of nobody."""
    for pet in ctx.db.pet.owner.filter(0):
        raise LookupError(f"{pet.name} belongs to nobody")
    return []
