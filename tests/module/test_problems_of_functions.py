"""Views, procedures and HTTP handlers that are refused, as ``test_problems.py`` has it of all else."""

from __future__ import annotations

import pytest

from tests.module.marked_problems import expect_problems

CASES = {
    "contexts of other functions": """
        @table
        class Player:
            id: u64
        class Ctx(ReducerContext): pass
        @view
        def one(
            ctx: Ctx,  # E: the context of view 'one' is a ReducerContext, which is for a reducer | .*ViewContext
        ) -> Player | None: ...
        @reducer
        def two(ctx: ViewContext): ...  # E: the context of reducer 'two' is a ViewContext, which is for a view
        @procedure
        def three(ctx: Ctx): ...  # E: .*procedure 'three' is a ReducerContext | .*ProcedureContext; its transactions
        @http_handler
        def four(ctx: ProcedureContext, request): ...  # E: .*HTTP handler 'four' is a ProcedureContext | .*HandlerC
        @procedure
        def five(ctx: ProcedureContext[Player]): ...  # E: .*contexts of .*Player.*, which is no ReducerContext
    """,
    "views": """
        @table
        class Player:
            id: u64
        @view
        def one(ctx) -> Player | None: ...  # E: the context of view 'one' has no annotation | ctx: ViewC
        @view
        def two(ctx: ViewContext): ...  # E: view 'two' does not say what it returns | -> list.Row., -> Row | None or
        @view
        def three(ctx: ViewContext) -> Player: ...  # E: view 'three' returns Player, which are no rows
        @view
        def four(ctx: ViewContext) -> list[str]: ...  # E: view 'four' returns list.str., which are no rows
        @view
        def numbers(ctx: ViewContext) -> list[u64]: ...  # E: view 'numbers' returns list.u64., which are no rows
        @view
        def five(ctx: ViewContext, id: u64) -> list[Player]: ...  # E: five.id: a view takes nothing but its context
        @view(primary_key="idd")
        def six(ctx: ViewContext) -> list[Player]: ...  # E: the primary key 'idd' of view 'six' .* | Did you mean 'id'
        @view
        async def seven(ctx: ViewContext) -> list[Player]: ...  # E: view 'seven' is async
        @view  # E: view player: the name is used twice among tables, views
        def player(ctx: ViewContext) -> list[Player]: ...
        @view
        def eight(ctx: ViewContext) -> "list[Plaier]": ...  # E: eight.return: .*'Plaier', which is not defined
    """,
    "procedures": """
        @procedure
        async def one(ctx: ProcedureContext): ...  # E: procedure 'one' is async | .*ctx.http and ctx.sleep just wait
        @procedure
        def two(ctx: ProcedureContext) -> int: ...  # E: two.return: int is not a type .* | .*u64
        @procedure
        def three(ctx: ProcedureContext):  # E: procedure 'three' is a generator | .*return a list
            yield 3
        @procedure
        def four(ctx: ProcedureContext, name): ...  # E: four.name has no annotation
        @procedure
        def five(name: str): ...  # E: the first parameter of procedure 'five' has to be its context | .*Procedure
        @procedure(name="four")  # E: there is a procedure 'four' already
        def six(ctx): ...
        @procedure
        def seven(ctx): ...
        @reducer  # E: reducer seven: the name is used twice among
        def seven(ctx): ...
    """,
    "HTTP handlers": """
        @http_handler
        def one(ctx: HandlerContext) -> HttpResponse: ...  # E: HTTP handler 'one' has to take a context and a request
        @http_handler
        def two(ctx: HandlerContext, request: HttpResponse): ...  # E: .*'request' is a HttpRequest, not HttpResponse
        @http_handler
        def three(ctx: HandlerContext, request) -> str: ...  # E: .*what it returns is a HttpResponse, not str
        @http_handler
        def good(ctx, request): ...
        def plain(ctx, request): ...
        http_router(Router().get("/good", good).post("/plain", plain))  # E: .*leads to 'plain' | Write @http_handler
    """,
    "routes": """
        @http_handler
        def good(ctx, request): ...
        inner = Router().put("", good)
        http_router(Router().get("/G", good).any("/x", good).nest("/x", inner))  # E: .*a path is empty # E: .*same requ
    """,
    "two routers": """
        @http_handler
        def good(ctx, request): ...
        http_router(Router().get("/good", good))
        http_router(Router().get("/better", good))  # E: the module has a router already, at .* | Join the two
    """,
    "a route to what is no function": """
        Router().get("/good", "good")  # E: TypeError: a route leads from a path to an HTTP handler, not from
    """,
    "a method that no request has": """
        @http_handler
        def good(ctx, request): ...
        Router().route("get", "/good", good)  # E: ValueError: methods of HTTP are in capitals: 'GET', not 'get'
    """,
    "a router inside a router that is none": """
        Router().nest("/inner", Router)  # E: TypeError: a router nests a path and another router, not '/inner' and <cl
    """,
    "what is no router": """
        http_router(Router)  # E: TypeError: http_router takes a Router, not <class .*>: http_router
    """,
}


@pytest.mark.parametrize("name", CASES)
def test_problems(name):
    expect_problems(CASES[name])
