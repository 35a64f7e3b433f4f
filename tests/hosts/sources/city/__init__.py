"""The town, with what servers of version 2 know besides."""

import guild
import town

from stdbpy import ReducerContext, Tables, mount, reducer

from . import claims, columns, doors, errands, events, hashes, quarrels, views  # noqa: F401

mount(guild, "guild")


class Db(Tables):
    guild: guild.Db


class Ctx(ReducerContext):
    db: Db


@reducer
def enter_both(ctx: Ctx, name: str) -> None:
    guild.enter(ctx.within("guild", guild.Ctx), name)
    town.bugs.leave_trace(ctx, f"{name} has entered, of {ctx.db.guild.member.count()}")
