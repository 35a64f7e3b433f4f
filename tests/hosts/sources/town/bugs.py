"""What modules should not do, and do."""

import sys

from stdbpy import ReducerContext, column, reducer, table, u32

PRIMES = [number for number in range(2, 50) if all(number % each for each in range(2, number))]
"""Made while the module is imported."""


@table(public=True)
class Trace:
    text: str = column(primary_key=True)


class Unwell(Exception):
    def __str__(self) -> str:
        return "unwell"


def divide(number: int, by: int) -> float:
    return number / by


def begin(depth: int) -> int:
    return begin(depth + 1) + 1


@reducer
def leave_trace(ctx: ReducerContext, text: str) -> None:
    ctx.db.trace.insert(Trace(text=text))


@reducer
def fail(ctx: ReducerContext, kind: str) -> None:
    ctx.db.trace.insert(Trace(text=kind))
    match kind:
        case "zero":
            divide(1, 0)
        case "chain":
            try:
                divide(1, 0)
            except ZeroDivisionError as error:
                raise Unwell from error
        case "exit":
            sys.exit("enough")
        case "exit base":
            raise KeyboardInterrupt
        case "recursion":
            begin(0)
        case "no table":
            ctx.db.nothing.insert(None)
        case "unique":
            ctx.db.trace.insert(Trace(text="there"))
            ctx.db.account.insert(_account(1))
            ctx.db.account.insert(_account(2))
        case "assertion":
            assert kind == "something else", f"kind is {kind}"


def _account(balance: int) -> object:
    from .bank import Account

    return Account(owner="double", balance=balance)


@reducer
def survive(ctx: ReducerContext) -> None:
    """Bugs that are caught are none."""
    for call in (lambda: begin(0), lambda: divide(1, 0), lambda: ctx.nothing, lambda: [].pop(), lambda: sys.exit(3)):
        try:
            call()
        except (Exception, SystemExit) as error:
            ctx.log.info("%s: %s", type(error).__name__, error)


@reducer
def primes(ctx: ReducerContext, below: u32) -> None:
    ctx.log.info("%s", [prime for prime in PRIMES if prime < below])
