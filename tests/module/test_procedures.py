"""Procedures: what they return, their transactions, HTTP requests and sleep, and what goes wrong in them."""

from __future__ import annotations

import re

import pytest

from stdbpy.errors import EncodeError, HostError, HttpFailed, InvalidArguments, UniqueConstraintViolation
from stdbpy.sats.values import ConnectionId, Err, ScheduleAt, TimeDuration, Timestamp
from stdbpy.schema.http import HttpRequestHead, HttpResponseHead
from tests.module.running import ANN, BOB, NOON, Running, run

MESSAGES = """
    from dataclasses import dataclass
    from datetime import timedelta
    from uuid import UUID

    @table
    class Message:
        id: u64 = auto_inc(primary_key=True)
        text: str = column(unique=True)

    @procedure
    def put(ctx: ProcedureContext, text: str) -> u64:
        with ctx.transaction() as tx:
            return tx.db.message.insert(Message(text=text)).id
"""


@pytest.mark.parametrize(
    ("returns", "value", "decoded"),
    [
        ("u32", "3", 3),
        ("list[Message]", "[Message(id=1, text='a')]", [(1, "a")]),
        ("Message | None", "None", None),
        ("Ok[u8] | Err[str]", "Err('no')", Err("no")),
        ("None", "None", ()),
        ("'str'", "'x'", "x"),
    ],
)
def test_what_it_returns(returns, value, decoded):
    chat = run(f"""{MESSAGES}
    @procedure
    def give(ctx: ProcedureContext) -> {returns}:
        return {value}
    """)
    assert chat.procedure("give") == decoded


@pytest.mark.parametrize(
    ("returns", "value", "error", "message"),
    [
        ("u8", "256", EncodeError, "^what give returns: .*256"),
        ("Message", "None", EncodeError, "what give returns"),
        ("None", "3", TypeError, "give does not say that it returns something, but returned 3"),
    ],
)
def test_what_is_no_value_of_its_type(returns, value, error, message):
    chat = run(f"""{MESSAGES}
    @procedure
    def give(ctx: ProcedureContext) -> {returns}:
        return {value}
    """)
    with pytest.raises(error, match=message):
        chat.procedure("give")


def test_arguments_that_do_not_fit():
    with pytest.raises(InvalidArguments, match="the arguments of 'put' do not fit"):
        run(MESSAGES).bound.call_procedure(0, ANN, None, NOON, b"\1")


def test_the_caller_is_known_in_transactions_too():
    chat = run(f"""{MESSAGES}
    @procedure
    def who(ctx: ProcedureContext) -> list[str]:
        with ctx.transaction() as tx:
            return [repr(each) for each in (ctx.sender, tx.sender, ctx.connection_id, tx.connection_id, ctx.identity)]
    """)
    connection = ConnectionId.from_int(3)
    found = chat.procedure("who", sender=BOB, connection=connection)
    assert found[:4] == [repr(BOB), repr(BOB), repr(connection), repr(connection)]


# --- transactions ------------------------------------------------------------------------------------


def test_a_transaction_is_committed_at_its_end():
    chat = run(MESSAGES)
    assert chat.procedure("put", "hi") == 1
    assert (chat.rows("message"), chat.host.ended) == ([(1, "hi")], ["committed"])


def test_an_error_undoes_the_transaction_and_what_was_committed_before_stays():
    chat = run(f"""{MESSAGES}
    @procedure
    def put_twice(ctx: ProcedureContext, text: str) -> None:
        put(ctx, text)
        with ctx.transaction() as tx:
            tx.db.message.insert(Message(text="more"))
            tx.db.message.insert(Message(text=text))
    """)
    with pytest.raises(UniqueConstraintViolation):
        chat.procedure("put_twice", "hi")
    assert (chat.rows("message"), chat.host.ended) == ([(1, "hi")], ["committed", "aborted"])


def test_an_error_that_is_caught_undoes_the_transaction_alone():
    chat = run(f"""{MESSAGES}
    @procedure
    def try_it(ctx: ProcedureContext) -> str:
        try:
            with ctx.transaction() as tx:
                tx.db.message.insert(Message(text="never"))
                raise KeyError("undo")
        except KeyError:
            put(ctx, "undone")
        return "fine"
    """)
    assert chat.procedure("try_it") == "fine"
    assert [text for _, text in chat.rows("message")] == ["undone"]


WITH_TX = """
    @procedure
    def put_all(ctx: ProcedureContext) -> u64:
        def body(tx: ReducerContext) -> int:
            print("tried")
            tx.db.message.insert(Message(text="hi"))
            return tx.db.message.count()
        return ctx.with_tx(body)
"""


@pytest.mark.parametrize("failing", [0, 1])
def test_with_tx_tries_once_more(failing):
    chat = run(MESSAGES + WITH_TX)
    chat.host.failing_commits = failing
    assert chat.procedure("put_all") == 1
    assert chat.host.ended == [*["failed"] * failing, "committed"]
    assert chat.messages.count("tried") == 1 + failing


def test_with_tx_gives_up():
    chat = run(MESSAGES + WITH_TX)
    chat.host.failing_commits = 2
    with pytest.raises(HostError, match="the disk is full"):
        chat.procedure("put_all")
    assert chat.rows("message") == []


def test_with_tx_undoes_what_raises():
    chat = run(f"""{MESSAGES}
    @procedure
    def put_all(ctx: ProcedureContext) -> None:
        def body(tx: ReducerContext) -> None:
            tx.db.message.insert(Message(text="hi"))
            raise ReducerError("no")
        ctx.with_tx(body)
    """)
    with pytest.raises(Exception, match="no"):
        chat.procedure("put_all")
    assert (chat.rows("message"), chat.host.ended) == ([], ["aborted"])


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("ctx.transaction().__enter__()", "a transaction is open already"),
        ("ctx.with_tx(print)", "a transaction is open already"),
        ("ctx.http.get('http://localhost')", "no HTTP request is sent in a transaction"),
        ("ctx.sleep(timedelta(seconds=1))", "nothing may sleep in a transaction"),
    ],
)
def test_what_would_block_a_transaction(what, says):
    chat = run(f"""{MESSAGES}
    @procedure
    def stuck(ctx: ProcedureContext) -> None:
        with ctx.transaction() as tx:
            {what}
    """)
    with pytest.raises(HostError, match=says) as caught:
        chat.procedure("stuck")
    assert (caught.value.code, bool(caught.value.hint), chat.host.ended) == (17, True, ["aborted"])


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("ctx.db", "tables are used in a transaction: with ctx.transaction() as tx"),
        ("ctx.sender_auth", "a transaction's has: tx.sender_auth"),
        ("ctx.transactoin", "Did you mean 'transaction'"),
    ],
)
def test_what_the_context_does_not_have(what, says):
    chat = run(f"""{MESSAGES}
    @procedure
    def wrong(ctx: ProcedureContext) -> None:
        {what}
    """)
    with pytest.raises(AttributeError, match=re.escape(says)):
        chat.procedure("wrong")


@pytest.mark.parametrize("what", ["kept[0].db", "kept[1].http", "kept[2].db", "kept[3].db"])
def test_contexts_end_with_their_calls_and_transactions(what):
    chat = run(f"""{MESSAGES}
    kept = []

    @reducer
    def one(ctx):
        kept.append(ctx)

    @procedure
    def two(ctx: ProcedureContext) -> None:
        kept.append(ctx)
        ctx.with_tx(kept.append)

    @view
    def three(ctx: AnonymousViewContext) -> list[Message]:
        kept.append(ctx)
        return []

    @procedure
    def look(ctx: ProcedureContext) -> None:
        {what}
    """)
    chat.call("one")
    chat.procedure("two")
    chat.view("three")
    with pytest.raises(AttributeError, match="any more: its call or transaction has ended"):
        chat.procedure("look")


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("ctx.http", "may not wait for the world outside; a @procedure may"),
        ("ctx.transaction()", "it is in one already"),
        ("ctx.query", "queries are what views return"),
    ],
)
def test_what_reducers_do_not_have(what, says):
    chat = run(f"@reducer\ndef wrong(ctx):\n    {what}")
    with pytest.raises(AttributeError, match=re.escape(says)):
        chat.call("wrong")


def test_contexts_of_the_authors_own():
    chat = run(f"""{MESSAGES}
    class Ctx(ReducerContext):
        def put(self, text: str) -> int:
            return self.db.message.insert(Message(text=text)).id

    class Own(ProcedureContext[Ctx]):
        def shout(self, text: str) -> int:
            with self.transaction() as tx:
                return tx.put(text.upper())

    class Fetching(HandlerContext[Ctx]):
        pass

    @procedure
    def one(ctx: ProcedureContext[Ctx], text: str) -> u64:
        return ctx.with_tx(lambda tx: tx.put(text))

    @procedure
    def two(ctx: Own, text: str) -> u64:
        return ctx.shout(text)

    @http_handler
    def three(ctx: Fetching, request: HttpRequest) -> HttpResponse:
        with ctx.transaction() as tx:
            return HttpResponse(str(tx.put(request.text())))
    """)
    assert (chat.procedure("one", "a"), chat.procedure("two", "b")) == (1, 2)
    assert chat.request("three", HttpRequestHead("POST", "/"), b"c")[1] == b"3"
    assert chat.rows("message") == [(1, "a"), (2, "B"), (3, "c")]


def test_random_numbers_and_uuids_go_on_in_transactions():
    code = f"""{MESSAGES}
    @procedure
    def some(ctx: ProcedureContext) -> list[UUID]:
        found = [ctx.uuid7()]
        for _ in range(2):
            with ctx.transaction() as tx:
                found += [tx.uuid7(), tx.uuid4()]
        return [*found, ctx.uuid7()]
    """
    found = run(code).procedure("some")
    again = run(code).procedure("some")
    ordered = [found[0], found[1], found[3], found[5]]
    assert ordered == sorted(ordered)
    assert len(set(found)) == len(found)
    assert found == again


# --- sleep, time -------------------------------------------------------------------------------------


def test_sleep():
    chat = run(f"""{MESSAGES}
    @procedure
    def rest(ctx: ProcedureContext) -> list[Timestamp]:
        times = [ctx.timestamp]
        ctx.sleep(TimeDuration.of(seconds=2))
        times.append(ctx.timestamp)
        ctx.sleep_until(times[0])
        with ctx.transaction() as tx:
            return [*times, ctx.timestamp, tx.timestamp]
    """)
    later = NOON + TimeDuration.of(seconds=2)
    assert chat.procedure("rest") == [NOON, later, later, later]


def test_sleep_takes_a_span():
    chat = run("@procedure\ndef rest(ctx: ProcedureContext) -> None:\n    ctx.sleep(3)")
    with pytest.raises(TypeError, match="sleep takes a TimeDuration, as in "):
        chat.procedure("rest")


# --- HTTP --------------------------------------------------------------------------------------------

ASKING = """
    @procedure
    def get(ctx: ProcedureContext, uri: str) -> str:
        answer = ctx.http.get(uri, headers={"Accept": "text/plain", "X": "grün"}, timeout=TimeDuration.of(seconds=3))
        return f"{answer.status} {answer.ok} {answer.headers['content-type']} {answer.text()}"

    @procedure
    def post(ctx: ProcedureContext) -> str:
        return ctx.http.post("http://x", '{"a": 1}', headers=[("A", "1"), ("a", "2")]).json()["b"]

    @procedure
    def send(ctx: ProcedureContext) -> list[str]:
        answer = ctx.http.send(HttpRequest("PURGE", "http://x"))
        headers = answer.headers
        return [*headers.get_all("A"), *headers, str(len(headers)), headers.get("C", "none")]

    @procedure
    def failing(ctx: ProcedureContext) -> str:
        try:
            ctx.http.get("http://x")
        except HttpFailed as failure:
            return str(failure)
        return "answered"
"""


def asking(*answers: tuple[bytes, bytes] | Exception) -> Running:
    chat = run(ASKING)
    chat.host.answers = list(answers)
    return chat


def test_get():
    chat = asking((HttpResponseHead(404, (("content-type", b"a/b"),)).encode(), "grün".encode()))
    assert chat.procedure("get", "http://x/y") == "404 False a/b grün"
    [(head, body)] = chat.host.requests
    headers = (("accept", b"text/plain"), ("x", "grün".encode("latin-1")))
    assert HttpRequestHead.decode(head) == HttpRequestHead("GET", "http://x/y", headers, TimeDuration.of(seconds=3))
    assert body == b""


def test_post():
    chat = asking((HttpResponseHead(200).encode(), b'{"b": "yes"}'))
    assert chat.procedure("post") == "yes"
    [(head, body)] = chat.host.requests
    assert HttpRequestHead.decode(head) == HttpRequestHead("POST", "http://x", (("a", b"1"), ("a", b"2")))
    assert body == b'{"a": 1}'


def test_send_and_headers_of_several_values():
    chat = asking((HttpResponseHead(200, (("a", b"1"), ("b", b"2"), ("a", b"3"))).encode(), b""))
    assert chat.procedure("send") == ["1", "3", "a", "b", "2", "none"]
    assert HttpRequestHead.decode(chat.host.requests[0][0]).method == "PURGE"


def test_what_is_not_answered():
    assert asking(HttpFailed("nobody there")).procedure("failing") == "nobody there"


def test_bodies_are_bytes_or_text():
    chat = run('@procedure\ndef post(ctx: ProcedureContext) -> None:\n    ctx.http.post("http://x", {"a": 1})')
    with pytest.raises(TypeError, match=r"a body is bytes or str, not .*; json\.dumps"):
        chat.procedure("post")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ctx.http.get('http://x', timeout=5)", r"timeout takes a TimeDuration, as in .*\(seconds=5\), not 5"),
        ("ctx.sleep(5)", r"sleep takes a TimeDuration, as in .*, not 5"),
        ("ctx.sleep_until(5)", "sleep_until takes a Timestamp, not 5; sleep takes how long"),
        (
            "ctx.sleep_until(TimeDuration.of(seconds=5))",
            r"sleep_until takes a Timestamp, not TimeDuration.of\(seconds=5\)",
        ),
    ],
)
def test_a_number_is_no_time(code, message):
    chat = run(f"@procedure\ndef wait(ctx: ProcedureContext) -> None:\n    {code}")
    with pytest.raises(TypeError, match=message):
        chat.procedure("wait")


def test_a_header_that_cannot_be_sent():
    chat = run(
        '@procedure\ndef ask(ctx: ProcedureContext) -> None:\n    ctx.http.get("http://x", headers={"name": "Łukasz"})'
    )
    with pytest.raises(EncodeError, match="the value 'Łukasz' of the header 'name' is no text of Latin-1"):
        chat.procedure("ask")
    assert chat.host.requests == []


# --- schedules, tokens -------------------------------------------------------------------------------


def test_scheduled_procedures():
    chat = run(f"""{MESSAGES}
    @table(scheduled="ring")
    class Alarm:
        id: u64 = auto_inc(primary_key=True)
        at: ScheduleAt
        text: str

    @procedure
    def ring(ctx: ProcedureContext, alarm: Alarm) -> None:
        put(ctx, alarm.text)
    """)
    assert chat.module.schema.tables_by_name["alarm"].schedule is not None
    assert chat.module.schema.procedures_by_name["ring"].visibility.name == "PRIVATE"
    chat.procedure("ring", (1, ScheduleAt.at(Timestamp(0)), "hello"))
    assert chat.rows("message") == [(1, "hello")]


def test_tokens():
    chat = run("""
        @procedure
        def claims(ctx: ProcedureContext) -> list[str]:
            with ctx.transaction() as tx:
                auth = tx.sender_auth
                if auth.jwt is None:
                    return [str(auth.is_internal), str(auth.has_jwt)]
                return [auth.jwt.subject, auth.jwt.issuer, *auth.jwt.audience, auth.jwt.claims["role"]]

        @reducer
        def same(ctx):
            ctx.log.info(repr(ctx.sender_auth.jwt))
    """)
    connection = ConnectionId.from_int(5)
    assert chat.procedure("claims") == ["True", "False"]
    assert chat.procedure("claims", connection=connection) == ["False", "False"]
    raw = b'{"sub": "ann", "iss": "us", "aud": ["a", "b"], "role": "queen"}'
    chat.host.tokens[bytes(connection)[::-1]] = raw
    assert chat.procedure("claims", connection=connection) == ["ann", "us", "a", "b", "queen"]
    chat.call("same", connection=connection)
    assert chat.messages == ["<claims of 'ann' by 'us'>"]
