"""How websockets are opened, and how they end."""

from __future__ import annotations

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from stdbpy.protocol.v1 import messages as m1
from stdbpy.protocol.v2 import messages as m2
from tests.contract import programs
from tests.contract.subject import Subject, fresh_name
from tests.contract.websocket import V1, V1_JSON, V2, V3, connected

UNKNOWN_IDENTITY = "c200" + "ab" * 30
MY_CONNECTION = "0123456789abcdef0123456789abcdef"


def refusal(server: Subject, database: str, *protocols: str, **options: str | None) -> httpx.Response:
    """What the server answers instead of opening a websocket."""
    with pytest.raises(InvalidStatus) as caught, connected(server, database, *protocols, **options):
        pass
    answer = caught.value.response
    return httpx.Response(answer.status_code, headers=list(answer.headers.raw_items()), content=bytes(answer.body))


class TestTheProtocol:
    @pytest.mark.parametrize(
        ("offered", "taken"),
        [((V1, V2, V3), V3), ((V3, V1), V3), ((V1_JSON, V1, V2), V2), ((V1_JSON, V1), V1), (("v9", V1_JSON), V1_JSON)],
    )
    def test_is_the_highest_of_those_offered(
        self, server: Subject, shared_chat: str, offered: tuple[str, ...], taken: str
    ):
        spoken = {V1, V1_JSON} if server.is_old else {V1, V1_JSON, V2, V3}
        if taken not in spoken:
            taken = V1
        with connected(server, shared_chat, *offered) as wire:
            assert wire.subprotocol == taken

    def test_is_needed(self, server: Subject, shared_chat: str):
        assert refusal(server, shared_chat, "v9.bsatn.spacetimedb").status_code == 400


class TestWhoConnects:
    def test_is_told(self, server: Subject, shared_chat: str):
        with connected(server, shared_chat, V1, query=f"compression=None&connection_id={MY_CONNECTION}") as wire:
            headers = wire.connection.response.headers
            assert headers["spacetime-identity"] == server.identity
            greeting = wire.next()
            assert (greeting.identity.hex(), greeting.token) == (server.identity, server.token)
            assert greeting.connection_id.hex() == MY_CONNECTION

    def test_may_be_new(self, server: Subject, shared_chat: str):
        with connected(server, shared_chat, V1, token=None) as wire:
            greeting = wire.next()
        assert greeting.identity.hex() != server.identity
        with connected(server, shared_chat, V1, token=greeting.token) as wire:
            assert wire.next().identity == greeting.identity

    def test_may_say_so_in_the_address(self, server: Subject, shared_chat: str):
        with connected(server, shared_chat, V1, token=None, query=f"compression=None&token={server.token}") as wire:
            assert wire.next().identity.hex() == server.identity

    def test_has_a_connection_of_its_own(self, server: Subject, shared_chat: str):
        with connected(server, shared_chat, V1) as one, connected(server, shared_chat, V1) as two:
            assert one.next().connection_id != two.next().connection_id

    def test_is_told_in_v2_as_well(self, newer_server: Subject, shared_chat: str):
        with connected(newer_server, shared_chat, V2, query=f"compression=None&connection_id={MY_CONNECTION}") as wire:
            greeting = wire.next()
            assert isinstance(greeting, m2.InitialConnection)
            assert (greeting.identity.hex(), greeting.token) == (newer_server.identity, newer_server.token)
            assert greeting.connection_id.hex() == MY_CONNECTION


class TestWhatIsRefused:
    @pytest.mark.parametrize("token", ["x", "a.b.c"])
    def test_tokens(self, server: Subject, shared_chat: str, token: str):
        assert refusal(server, shared_chat, V1, token=token).status_code == 401
        assert refusal(server, shared_chat, V1, token=None, query=f"token={token}").status_code == 401

    def test_databases(self, server: Subject):
        assert refusal(server, "there-is-none", V1).status_code == 404
        # The real 2.8.3 fails to find out who may ask it.
        assert refusal(server, UNKNOWN_IDENTITY, V1).status_code in {404, 500}
        assert refusal(server, "No_Name!", V1).status_code == 400

    @pytest.mark.parametrize(
        "query",
        [f"connection_id={'0' * 32}", "connection_id=abc", "compression=none", "compression=Zstd", "light=1"],
    )
    def test_parameters(self, server: Subject, shared_chat: str, query: str):
        assert refusal(server, shared_chat, V1, query=query).status_code == 400

    def test_doubtful_confirmation(self, newer_server: Subject, shared_chat: str):
        assert refusal(newer_server, shared_chat, V1, query="confirmed=maybe").status_code == 400

    def test_requests_that_open_none(self, server: Subject, shared_chat: str):
        assert server.ask("GET", f"/v1/database/{shared_chat}/subscribe").status_code in {400, 426}


class TestModules:
    def test_are_told_of_clients(self, server: Subject, chat: str):
        identity, token = server.new_token()
        online = f"SELECT online FROM user WHERE identity = 0x{identity}"
        users = m1.SubscribeSingle("SELECT * FROM user", 1, m1.QueryId(1))
        with connected(server, chat, V1) as watching:
            watching.next()
            watching.ask(users)
            with connected(server, chat, V1, token=token) as wire:
                wire.next()
                watching.next()
                assert server.rows(chat, online) == [[True]]
            # SQL over HTTP is a connection as well, which the module is told of.
            watching.next()
        rows = server.rows(chat, online)
        assert rows in ([[False]], [[True]]), "the order of the last two is free"

    def test_are_told_when_clients_vanish(self, server: Subject, chat: str):
        _, token = server.new_token()
        with connected(server, chat, V1) as watching:
            watching.next()
            with connected(server, chat, V1, token=token) as wire:
                wire.next()
                watching.ask(m1.SubscribeSingle("SELECT * FROM user", 1, m1.QueryId(1)))
                wire.connection.socket.close()
                update = watching.next()
        tables = update.update.tables if isinstance(update, m1.TransactionUpdateLight) else update.status.value.tables
        [changed] = tables[0].updates
        assert [row[-1] for row in changed.value.inserts.slices()] == [0], "the user is not online any more"


ONE = """
@table(name="a", public=True)
class A:
    n: u32


@reducer
def add(ctx: ReducerContext, n: u32) -> None:
    pass
"""

TWO = (
    ONE
    + """

@table(name="b", public=True)
class B:
    n: u32
"""
)

OTHER_COLUMNS = ONE.replace("n: u32\n\n\n@reducer", "n: u32\n    m: u32 = column(default=5)\n\n\n@reducer")


class TestDatabases:
    def test_that_are_deleted(self, server: Subject, chat: str):
        with connected(server, chat, V1) as wire:
            wire.next()
            assert server.ask("DELETE", f"/v1/database/{chat}").status_code == 200
            assert wire.closing() == (1001, "module exited")

    def test_that_are_cleared(self, server: Subject, chat: str):
        with connected(server, chat, V1) as wire:
            wire.next()
            cleared = server.ask("PUT", f"/v1/database/{chat}?clear=true", content=server.program("quickstart_chat"))
            assert cleared.status_code == 200
            assert wire.closing() == (1001, "module exited")

    def test_whose_module_is_updated(self, server: Subject):
        name = fresh_name()
        self.publish(server, name, ONE)
        with connected(server, name, V1) as wire:
            wire.next()
            wire.ask(m1.SubscribeMulti(["SELECT * FROM a"], 1, m1.QueryId(1)))
            self.publish(server, name, TWO)
            applied = wire.ask(m1.SubscribeMulti(["SELECT * FROM b"], 2, m1.QueryId(2)))
            assert isinstance(applied, m1.SubscribeMultiApplied), "the new table can be subscribed to"
            server.sql(name, "INSERT INTO a (n) VALUES (3)")
            assert isinstance(wire.next(), m1.TransactionUpdate | m1.TransactionUpdateLight), "the old set goes on"

    def test_whose_module_is_updated_past_its_clients(self, newer_server: Subject):
        name = fresh_name()
        self.publish(newer_server, name, ONE)
        with connected(newer_server, name, V2) as wire:
            wire.next()
            wire.ask(m2.Subscribe(1, 1, ["SELECT * FROM a"]))
            program = programs.program(newer_server, OTHER_COLUMNS)
            plan = newer_server.ask("POST", f"/v1/database/{name}/pre_publish", content=program).json()
            token = plan["AutoMigrate"]["token"]
            self.publish(newer_server, name, OTHER_COLUMNS, f"?policy=BreakClients&token={token}")
            assert wire.closing() == (1001, "module exited")

    def publish(self, server: Subject, name: str, source: str, query: str = "") -> None:
        program = programs.program(server, source)
        answer = server.ask("PUT", f"/v1/database/{name}{query}", content=program)
        assert answer.status_code == 200, answer.text
