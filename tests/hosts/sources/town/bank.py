"""A bank: what goes wrong half-way has not happened."""

from stdbpy import (
    ReducerContext,
    ReducerError,
    UniqueConstraintViolation,
    auto_inc,
    column,
    i64,
    reducer,
    table,
    u32,
    u64,
)


@table(public=True)
class Account:
    owner: str = column(primary_key=True)
    balance: i64


@table(public=True)
class Booking:
    id: u64 = auto_inc(primary_key=True)
    source: str
    target: str
    amount: u32


@reducer
def open_bank(ctx: ReducerContext, owners: list[str], balance: i64) -> None:
    ctx.db.account.clear()
    ctx.db.booking.clear()
    for owner in owners:
        ctx.db.account.insert(Account(owner=owner, balance=balance))


@reducer
def transfer(ctx: ReducerContext, source: str, target: str, amount: u32) -> None:
    """Changes first and asks later: an error undoes it."""
    _change(ctx, source, -amount)
    _change(ctx, target, amount)
    ctx.db.booking.insert(Booking(source=source, target=target, amount=amount))
    left = ctx.db.account.owner.find(source).balance
    if left < 0:
        raise ReducerError(f"{source} has {amount + left} €, not {amount} €")


@reducer
def pay_all(ctx: ReducerContext, source: str, amount: u32) -> None:
    """Reducers are functions that others may call; errors that are caught undo nothing."""
    paid = []
    for account in sorted(ctx.db.account, key=lambda each: each.owner):
        if account.owner == source:
            continue
        if ctx.db.account.owner.find(source).balance < amount:
            ctx.log.warning("nothing left for %s", account.owner)
            continue
        transfer(ctx, source, account.owner, amount)
        paid.append(account.owner)
    ctx.log.info("paid %s", ", ".join(paid))


@reducer
def open_account(ctx: ReducerContext, owner: str) -> None:
    try:
        ctx.db.account.insert(Account(owner=owner, balance=0))
    except UniqueConstraintViolation as error:
        raise ReducerError(f"{owner} has an account already") from error


@reducer
def embezzle(ctx: ReducerContext, source: str) -> None:
    """A bug in the midst of it."""
    _change(ctx, source, -1)
    ctx.db.account.insert(Account(owner="nobody", balance=1))
    _expect_total(ctx, -1)


def _change(ctx: ReducerContext, owner: str, amount: int) -> None:
    account = ctx.db.account.owner.find(owner)
    if account is None:
        raise ReducerError(f"{owner} has no account")
    account.balance += amount
    ctx.db.account.owner.update(account)


def _expect_total(ctx: ReducerContext, total: int) -> None:
    found = sum(account.balance for account in ctx.db.account)
    if found != total:
        raise ArithmeticError(f"there are {found} €, not {total} €")
