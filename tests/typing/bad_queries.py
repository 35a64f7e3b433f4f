"""Mistakes in the use of a client that type checkers must find: each line with one says so at its end."""

from __future__ import annotations

from stdbpy import Identity, between
from stdbpy.client.query import SENDER, Query
from tests.client import game as tables
from tests.client.game import EventContext, Player, PlayerHandle, Score, ScoredHandle, ScoreHandle


def rows_of(*queries: Query[Player]) -> None: ...


def queries(me: Identity) -> None:
    tables.player.where(lambda p: p.level > "10")  # error
    tables.player.where(lambda p: p.level == "10")  # error
    tables.player.where(lambda p: p.level == None)  # noqa: E711  # error
    tables.player.where(lambda p: p.name == 3)  # error
    tables.player.where(lambda p: p.name < p.level)  # error
    tables.player.where(lambda p: p.name == p.level)  # error
    tables.player.where(lambda p: p.owner == b"bytes")  # error
    tables.player.where(lambda p: p.seen > 3)  # error
    tables.player.where(lambda p: p.connection == me)  # error
    tables.player.where(lambda p: p.level == SENDER)  # error
    tables.player.where(lambda p: p.owner < SENDER)  # error
    tables.player.where(lambda p: p.guild == 3)  # error
    tables.player.where(lambda p: p.guild == None)  # noqa: E711  # error
    tables.player.where(lambda p: p.guild > 3)  # error
    tables.player.where(lambda p: p.levle > 3)  # error
    tables.player.where(lambda p: p.level)  # error
    tables.player.where(lambda p: p.level & (p.x > 3))  # error
    tables.player.where(lambda p: p.level > 3 & p.online)  # error
    tables.player.where(lambda p: ~p.level)  # error
    tables.player.where(lambda p: True)  # error
    tables.player.where(lambda p: p.level in (1, 2))  # error
    tables.player.where(lambda p: not p.online)  # error
    tables.player.where(lambda p: p.id.is_in("a"))  # error
    tables.player.where(lambda p: p.level.between(1, "b"))  # error
    tables.player.where(lambda p: tables.score.where(lambda s: s.level == p.level))  # error
    rows_of(tables.score)  # error
    rows_of(tables.score.where(lambda s: s.points > 3))  # error
    rows_of(tables.player.right_semijoin(tables.score, lambda p, s: p.id == s.player_id))  # error


def joins() -> None:
    tables.player.left_semijoin(tables.score, lambda p, s: p.id == s.level)  # error
    tables.player.left_semijoin(tables.score, lambda p, s: p.x == s.player_id)  # error
    tables.player.left_semijoin(tables.score, lambda p, s: p.owner == s.player_id)  # error
    tables.player.left_semijoin(tables.score, lambda p, s: p.id == 3)  # error
    tables.player.left_semijoin(tables.score, lambda p, s: p.id < s.player_id)  # error
    tables.player.left_semijoin(tables.score, lambda p, s: (p.id == s.player_id) & (s.points > 3))  # error
    tables.player.left_semijoin(tables.score, lambda p, s: p.id == p.level)  # error
    tables.player.left_semijoin(tables.score, lambda p: p.id == 3)  # error


def handles(players: PlayerHandle, scores: ScoreHandle, scored: ScoredHandle) -> None:
    players.id.find("3")  # error
    players.id.find(1, 2)  # error
    players.place.find(1)  # error
    players.id.filter(3)  # error
    players.level.find(3)  # error
    players.level.filter("3")  # error
    players.level.filter(between("a", "b"))  # error
    players.level.filter(1, 2)  # error
    scores.by_player.filter(3, "4")  # error
    scores.by_player.filter(3, 4, 5)  # error
    scored.on_delete(lambda ctx, row: None)  # error
    scores.on_update(lambda ctx, old, new: None)  # error
    len(scored)  # error
    players.remove_on_insert(of_score)  # error
    players.on_insert(of_score)  # error
    players.on_update(of_score)  # error


def of_score(ctx: EventContext, row: Score) -> None: ...
