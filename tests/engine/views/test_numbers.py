"""What views read by numbers that no name stands for; compiled modules can use any."""

from __future__ import annotations

from stdbpy.engine.results import Caller
from stdbpy.engine.system_tables.definitions import INDEX_IDS
from tests.engine.views.handmade import OWNER, Database, thing, view


def test_an_index_of_the_servers_own():
    database = Database(view("seen"))
    database.instance.sql("SELECT * FROM st_table", Caller(OWNER), is_owner=True)
    number, key = INDEX_IDS["st_table_table_id_idx_btree"], (4096).to_bytes(4, "little")
    database.module.views["seen"] = lambda tx, _: [thing(1)] * len(list(tx.index_point_bsatn(number, key)))
    assert database.rows("SELECT * FROM seen") == [(1, 0)]
    database.insert(thing(7))
    assert database.rows("SELECT * FROM seen") == [(1, 0)]
