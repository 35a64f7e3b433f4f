"""What the token of a caller says."""

from datetime import timedelta

from stdbpy import ReducerContext, ScheduleAt, auto_inc, reducer, table, u64


@table(scheduled="who_schedules")
class Later:
    id: u64 = auto_inc(primary_key=True)
    at: ScheduleAt


@reducer
def who(ctx: ReducerContext) -> None:
    auth = ctx.sender_auth
    if auth.jwt is None:
        ctx.log.info("internal %s, no token", auth.is_internal)
        return
    jwt = auth.jwt
    more = {name: jwt.claims[name] for name in sorted(jwt.claims) if name in ("email", "roles", "age")}
    ctx.log.info("internal %s, %s by %s for %s, %s", auth.is_internal, jwt.subject, jwt.issuer, jwt.audience, more)


@reducer
def order_who(ctx: ReducerContext) -> None:
    ctx.db.later.insert(Later(at=ScheduleAt.at(ctx.timestamp + timedelta(milliseconds=1))))


@reducer
def who_schedules(ctx: ReducerContext, row: Later) -> None:
    who(ctx)
