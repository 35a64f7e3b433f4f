"""Hash indexes, and large tables cleared at once."""

from stdbpy import ReducerContext, above, column, index, reducer, table, u16, u32


@table(public=True, indexes=[index("by_both", "street", "number", algorithm="hash", unique=True)])
class House:
    street: str = column(index="hash")
    number: u16
    people: u32 = column(index="hash")


@reducer
def build_houses(ctx: ReducerContext) -> None:
    house = ctx.db.house
    house.clear()
    for number in range(1, 9):
        house.insert(House(street="High Street" if number % 2 else "Lane", number=number, people=number // 3))
    ctx.log.info("%s", sorted(row.number for row in house.street.filter("Lane")))
    ctx.log.info("%s", sorted(row.number for row in house.people.filter(2)))
    ctx.log.info("%s", house.by_both.find("Lane", 4))
    ctx.log.info("%s", house.by_both.find("Lane", 5))
    for ask in (lambda: house.people.filter(above(1)), lambda: house.by_both.filter("Lane")):
        try:
            ask()
        except Exception as error:
            ctx.log.info("%s: %s", type(error).__name__, error)
    ctx.log.info("%d, %d left", house.people.delete(1), house.count())
    ctx.log.info("%d, %d left", house.clear(), house.count())
