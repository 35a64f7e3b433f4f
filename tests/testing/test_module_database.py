"""A module in process: who calls, what they get, what is in the tables."""

from __future__ import annotations

import re
import traceback
from pathlib import Path
from typing import Any

import pytest

from stdbpy import HttpRequest, HttpResponse
from stdbpy.errors import (
    EncodeError,
    InitFailed,
    MigrationRefused,
    NoSuchReducer,
    NoSuchTable,
    NotAllowed,
    ProcedureFailed,
    ReducerCrashed,
    ReducerFailed,
    SqlError,
    UniqueConstraintViolation,
    UsageError,
)
from stdbpy.sats.values import Identity
from stdbpy.testing import Module, ModuleDatabase, load_module, wait_until
from stdbpy.testing.observed import in_one_line

# --- calls ---------------------------------------------------------------------------------------


def test_reducers_are_called_as_in_a_client(db: ModuleDatabase, arena: Any) -> None:
    alice = db.as_("alice")
    alice.reducers.join("Ada", arena.Team.BLUE)
    alice.call("join", team=arena.Team.RED, name="Bob")
    db.reducers.join(name="Cleo", team=arena.Team.RED)
    assert db.rows(arena.Player) == [
        arena.Player(id=1, name="Ada", team=arena.Team.BLUE),
        arena.Player(id=2, name="Bob"),
        arena.Player(id=3, name="Cleo"),
    ]
    assert db.messages == ["Ada has number 1", "Bob has number 2", "Cleo has number 3"]


def test_a_refusal_is_the_reducers_own(db: ModuleDatabase, arena: Any) -> None:
    with pytest.raises(ReducerFailed, match=r"^A player needs a name of at most 10 letters\.$") as refusal:
        db.reducers.join("", arena.Team.RED)
    assert not isinstance(refusal.value, ReducerCrashed)
    assert db.rows("player") == []


def test_a_bug_comes_with_its_traceback(db: ModuleDatabase) -> None:
    with pytest.raises(
        ReducerCrashed, match=r"the reducer 'fail' has a bug: ZeroDivisionError.*arena\.py:\d+"
    ) as crash:
        db.reducers.fail()
    bug = crash.value.__cause__
    assert isinstance(bug, ZeroDivisionError)
    [frame] = traceback.extract_tb(bug.__traceback__)
    assert (frame.name, frame.line) == ("fail", "print(1 // 0)")
    assert [row.text for row in db.rows("note")] == ["begun"]
    assert db.bugs == []


def test_calls_that_cannot_be_made(db: ModuleDatabase, arena: Any) -> None:
    with pytest.raises(NoSuchReducer, match="no reducer or procedure 'jion'") as unknown:
        db.call("jion")
    assert unknown.value.hint == "Did you mean 'join'?"
    with pytest.raises(AttributeError, match=r"no reducer 'jion'\. Did you mean 'join'\?"):
        db.reducers.jion()
    with pytest.raises(TypeError, match=r"join takes \(name, team\)"):
        db.reducers.join("Ada")
    with pytest.raises(TypeError, match=r"join takes \(name, team\)"):
        db.call("join", "Ada", name="Ada")
    with pytest.raises(EncodeError, match="name: expected a str, not int 3"):
        db.reducers.join(3, arena.Team.RED)
    with pytest.raises(NotAllowed, match="which only the database calls"):
        db.call("start")


def test_users_are_the_same_whenever_they_come(module: Module) -> None:
    with module.database() as one, module.database() as other:
        assert one.as_("alice").identity == other.as_("alice").identity != one.as_("bob").identity
        assert one.as_("alice").connection_id != one.as_("alice").connection_id
        assert one.identity != other.identity, "they can call each other"


def test_what_tokens_say(db: ModuleDatabase) -> None:
    with db.as_("alice"):
        pass
    with db.as_("alice", claims={"sub": "somebody else"}) as other:
        assert other.identity == db.as_("somebody else").identity
    with db.as_(Identity.from_int(3)) as nobody:
        assert nobody.identity == Identity.from_int(3)
    assert db.messages == ["hello alice", "goodbye", "hello somebody else", "goodbye", "hello stranger", "goodbye"]
    with pytest.raises(ReducerFailed, match=r"^Go away\.$"):
        db.as_("mallory", claims={"banned": True}).connect()


def test_an_init_that_fails(tmp_path: Path) -> None:
    head = "from stdbpy import ReducerContext, ReducerError, init\n\n@init\ndef start(ctx: ReducerContext) -> None:\n"
    (tmp_path / "refusing.py").write_text(f"{head}    raise ReducerError('not today')\n")
    (tmp_path / "broken.py").write_text(f"{head}    {{}}['x']\n")
    with pytest.raises(InitFailed, match="not today"):
        load_module(tmp_path / "refusing.py").database()
    with pytest.raises(InitFailed, match=r"has a bug: KeyError: 'x' .*broken\.py:5") as failure:
        load_module(tmp_path / "broken.py").database()
    assert isinstance(failure.value.__cause__, KeyError)


def test_another_version(tmp_path: Path) -> None:
    one, other, third = (tmp_path / version / "things.py" for version in ("one", "other", "third"))
    for path, columns in ((one, ""), (other, "    weight: u32 = 7\n"), (third, "    weight: str = ''\n")):
        path.parent.mkdir()
        path.write_text(f"from stdbpy import table, u32\n\n\n@table\nclass Thing:\n    size: u32\n{columns}")
    versions = [load_module(path) for path in (one, other, third)]
    with versions[0].database() as db:
        db.tables.thing.insert(versions[0].namespace.Thing(size=3))
        db.update(versions[1])
        assert [(row.size, row.weight) for row in db.rows("thing")] == [(3, 7)]
        with pytest.raises(MigrationRefused):
            db.update(versions[2])
        assert db.module is versions[1]
        assert [(row.size, row.weight) for row in db.tables.thing] == [(3, 7)]


# --- rows ----------------------------------------------------------------------------------------


def test_rows_are_found(db: ModuleDatabase, arena: Any) -> None:
    ada, bob = db.table(arena.Player).insert(arena.Player(name="Ada"), arena.Player(name="Bob", team=arena.Team.BLUE))
    players = db.tables.player
    assert (ada.id, bob.id, len(players), list(players)) == (1, 2, 2, [ada, bob])
    assert players.find(2) == players.find(name="Bob") == players.one(team=arena.Team.BLUE) == bob
    assert players.find(7) is None
    assert ada in players
    assert players.where(score=0) == [ada, bob]
    with pytest.raises(AssertionError, match=r"^2 rows of player are there$"):
        db.tables.player.one()
    with pytest.raises(TypeError, match=r"the primary key is one value, not \(1, 2\)"):
        db.tables.player.find(1, 2)
    with pytest.raises(AssertionError, match="2 rows of player have score=0"):
        players.find(score=0)
    with pytest.raises(AssertionError, match=r"player has no row with name='Eve'\. Its rows:\n  Player\(id=1"):
        players.one(name="Eve")
    with pytest.raises(TypeError, match=r"player has no column 'nmae'\. Did you mean 'name'\?"):
        players.where(nmae="Ada")
    with pytest.raises(TypeError, match="note has no primary key"):
        db.tables.note.find("begun")
    with pytest.raises(UniqueConstraintViolation):
        players.insert(arena.Player(name="Ada"))
    assert players.delete(bob, arena.Player(name="Eve")) == 1
    assert (players.clear(), len(players)) == (1, 0)


def test_tables_that_are_not_there(db: ModuleDatabase, arena: Any) -> None:
    with pytest.raises(NoSuchTable) as unknown:
        db.rows("plyaer")
    assert unknown.value.hint == "Did you mean 'player'?"
    with pytest.raises(AttributeError, match="no table or view 'plyaer'"):
        _ = db.tables.plyaer
    with pytest.raises(NoSuchTable, match="no table with rows of class 'Team'"):
        db.rows(arena.Team)


def test_what_somebody_sees(db: ModuleDatabase, arena: Any) -> None:
    alice = db.as_("alice")
    db.reducers.join("Ada", arena.Team.BLUE)
    ada = arena.Player(id=1, name="Ada", team=arena.Team.BLUE)
    assert alice.rows("player") == alice.rows("namesake") == [ada]
    assert alice.sql("SELECT name, score FROM player") == [{"name": "Ada", "score": 0}]
    assert db.sql("SELECT text FROM note") == [{"text": "begun"}]
    with pytest.raises(SqlError):
        alice.rows("note")
    with pytest.raises(NoSuchTable, match="no table or view 'nots'"):
        alice.rows("nots")


def test_a_view_with_a_bug(db: ModuleDatabase, arena: Any) -> None:
    db.tables.player.insert(*(arena.Player(name=f"player {number}") for number in range(9)))
    with pytest.raises(SqlError, match=r"ZeroDivisionError: division by zero .*arena\.py:\d+") as failure:
        db.as_("alice").rows("namesake")
    assert isinstance(failure.value.__cause__, ZeroDivisionError)
    assert db.bugs == []


def test_rows_are_of_the_classes_that_were_imported(db: ModuleDatabase, arena: Any, module: Module) -> None:
    db.reducers.join("Ada", arena.Team.BLUE)
    [row] = db.rows("player")
    assert type(row) is arena.Player
    assert module.namespace.Player is not arena.Player


def test_the_running_code_can_be_patched(db: ModuleDatabase, arena: Any, module: Module) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module.namespace, "LONGEST_NAME", 2)
        with db.refused("at most 2 letters"):
            db.reducers.join("Ada", arena.Team.RED)
    db.reducers.join("Ada", arena.Team.RED)


# --- refusals and rollback -----------------------------------------------------------------------


def test_refused(db: ModuleDatabase, arena: Any) -> None:
    with db.refused("needs a name") as refusal:
        db.reducers.join("", arena.Team.RED)
    assert refusal.message == "A player needs a name of at most 10 letters."
    with pytest.raises(AssertionError, match="in which 'too young' is not found"), db.refused("too young"):
        db.reducers.join("", arena.Team.RED)
    with pytest.raises(AssertionError, match="no reducer has refused"), db.refused():
        pass
    with pytest.raises(ReducerCrashed) as crash, db.refused():
        db.reducers.fail()
    assert crash.value.__notes__ == [
        "That is no refusal: pytest.raises(ReducerCrashed) is for a reducer that has a bug."
    ]
    with pytest.raises(AssertionError, match=r"tables have changed:\n  \+ note: Note\(text='1'\)"), db.refused():
        db.reducers.note("1")
        db.reducers.join("", arena.Team.RED)


def test_unique_columns_refuse(db: ModuleDatabase, arena: Any) -> None:
    db.reducers.join("Ada", arena.Team.RED)
    with db.refused("already has a row") as refusal:
        db.reducers.join("Ada", arena.Team.RED)
    assert refusal.message == "UniqueConstraintViolation: player already has a row with name 'Ada'"


def test_unchanged(db: ModuleDatabase) -> None:
    with db.unchanged():
        db.tables.note.insert(*db.tables.note)
    with pytest.raises(AssertionError) as changed, db.unchanged():
        db.tables.note.clear()
        for number in range(7):
            db.reducers.note(str(number))
    lines = str(changed.value).splitlines()
    assert lines[0] == "tables have changed:"
    assert lines[-2:] == ["  + note: 2 more", "  - note: Note(text='begun')"]


def test_an_update_may_bring_tables_and_take_some_away(tmp_path: Path) -> None:
    one, other = (tmp_path / version / "things.py" for version in ("one", "other"))
    for path, name in ((one, "Thing"), (other, "Another")):
        path.parent.mkdir()
        path.write_text(f"from stdbpy import table, u32\n\n\n@table\nclass {name}:\n    size: u32\n")
    versions = [load_module(path) for path in (one, other)]
    with versions[0].database() as db:
        with db.unchanged():
            db.update(versions[1])
        with pytest.raises(AssertionError, match=r"\+ another: Another\(size=3\)"), db.unchanged():
            db.tables.another.insert(versions[1].namespace.Another(size=3))


# --- random numbers ------------------------------------------------------------------------------


def rolled(module: Module, **options: Any) -> list[str]:
    with module.database(**options) as db:
        db.reducers.roll()
        db.reducers.roll()
        return [row.text for row in db.rows("note")[1:]]


def test_random_numbers_follow_from_the_seed(module: Module) -> None:
    one, other = rolled(module)
    assert one != other
    assert rolled(module) == [one, other]
    assert not {one, other} & {*rolled(module, seed=1)}


# --- procedures and HTTP -------------------------------------------------------------------------


def test_procedures(db: ModuleDatabase) -> None:
    assert db.procedures.nap(0) == db.as_("alice").call("nap", seconds=0) == "slept for 0"
    with pytest.raises(
        ProcedureFailed, match="'fail_at_once' has a bug: IndexError: list index out of range"
    ) as failure:
        db.procedures.fail_at_once()
    assert isinstance(failure.value.__cause__, IndexError)


def test_requests_of_procedures_are_answered_by_the_test(db: ModuleDatabase) -> None:
    asked = []

    def answer(request: HttpRequest) -> HttpResponse:
        asked.append((request.method, request.uri))
        if "nobody" in request.uri:
            raise ConnectionRefusedError("nobody is there")
        return HttpResponse("so it is")

    db.answer_http(answer)
    assert db.procedures.ask("http://oracle.example/") == "so it is"
    assert asked == [("GET", "http://oracle.example/")]
    with pytest.raises(ProcedureFailed, match="nobody is there"):
        db.procedures.ask("http://nobody.example/")
    db.answer_http(lambda request: request.uri)
    with pytest.raises(ProcedureFailed, match="has to return a HttpResponse, not 'http://x'"):
        db.procedures.ask("http://x")


def test_a_bug_that_cannot_be_shown() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise LookupError

    assert in_one_line(Mute()) == "Mute"


def test_http_handlers(db: ModuleDatabase) -> None:
    response = db.http("POST", "/hello?x=1", "you", headers={"Kind": "polite"})
    assert (response.status, response.text(), response.headers["x-kind"]) == (200, "hello you", "polite")
    assert db.http("GET", "/hello").status == 404
    with pytest.raises(ReducerCrashed, match="'oops' has a bug: ValueError: no answer"):
        db.http("GET", "/oops")
    with pytest.raises(ValueError, match="begins with a slash"):
        db.http("GET", "hello")


# --- clients -------------------------------------------------------------------------------------


def test_websocket_clients_of_the_same_database(db: ModuleDatabase, arena: Any) -> None:
    alice, stranger = db.connect(as_="alice"), db.connect()
    assert alice.identity == db.as_("alice").identity != stranger.identity
    assert db.messages[0] == "hello alice"
    stranger.subscribe("SELECT * FROM player")
    db.reducers.join("Ada", arena.Team.BLUE)
    wait_until(lambda: stranger.db.player.count() == 1)
    with pytest.raises(ReducerFailed):
        alice.reducers.join("", stranger.db.player.id.find(1).team)
    assert alice.send_query("SELECT * FROM player").result(60).rows() == list(stranger.db.player)


def test_claims_of_websocket_clients(db: ModuleDatabase) -> None:
    with pytest.raises(Exception, match=r"Go away|403|refused"):
        db.connect(as_=db.as_("mallory", claims={"banned": True}))
    with pytest.raises(UsageError, match="an identity without claims has no token"):
        db.connect(as_=db.as_(Identity.from_int(3)))
    with pytest.raises(UsageError, match=r"signs no tokens of the issuer 'https://id\.example'"):
        db.token(db.as_("alice", claims={"iss": "https://id.example"}))
    for claims in ({"email": "x"}, {"iss": "localhost", "sub": "bob"}):  # those of Bob are another identity's
        with pytest.raises(UsageError, match=r"no token with these claims is one of the identity 0*3\n"):
            db.token(db.as_(Identity.from_int(3), claims=claims))
    assert db.token(db.as_(db.as_("bob").identity, claims={"iss": "localhost", "sub": "bob"}))


def test_a_bug_that_a_client_met_is_raised_at_the_end(module: Module) -> None:
    db = module.database()
    client = db.connect()
    with pytest.raises(ReducerFailed, match="ZeroDivisionError"):
        client.reducers.fail()
    assert [bug.function for bug in db.bugs] == ["fail"]
    with pytest.raises(ReducerCrashed, match="ZeroDivisionError"):
        db.close()
    db.close()


# --- the end -------------------------------------------------------------------------------------


def test_dump(db: ModuleDatabase, arena: Any, tmp_path: Path) -> None:
    db.reducers.join("Ada", arena.Team.BLUE)
    db.dump(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"player.jsonl", "note.jsonl", "log.txt"}
    assert (tmp_path / "player.jsonl").read_text() == '{"id":1,"name":"Ada","team":"BLUE","score":0}\n'
    assert re.search(r"Z INFO join arena.py:\d+: Ada has number 1\n", (tmp_path / "log.txt").read_text())


def test_what_the_test_raises_comes_before_bugs(module: Module) -> None:
    with pytest.raises(KeyError), module.database() as db:
        db.reducers.fail_later()
        with pytest.raises(ReducerFailed):
            db.connect().reducers.fail()
        raise KeyError
