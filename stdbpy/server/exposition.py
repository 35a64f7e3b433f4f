"""The server's figures in Prometheus' text format.

Names and labels are those of SpacetimeDB 2.8.3 (``crates/core/src/worker_metrics`` and
``crates/datastore/src/db_metrics``); of its some 130 figures, those that mean the same here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from stdbpy.engine import Database
from stdbpy.engine.figures import Figures
from stdbpy.server.backend import Backend
from stdbpy.server.traffic import DatabaseTraffic

_IDENTITY = "database_identity"
_DB = "db"

Key = TypeVar("Key")


def exposed(backend: Backend) -> bytes:
    """All figures at this moment. Any thread may ask for them."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(backend))
    return generate_latest(registry)


class _Figures(Collector):
    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def collect(self) -> Iterable[Metric]:
        databases = self._backend.engine.databases()
        traffic = self._backend.traffic
        traffic.forget_all_but([database.identity for database in databases])
        figures = {database: database.figures() for database in databases}
        yield from _of_clients({database: traffic.of(database.identity) for database in databases}, figures)
        yield from _of_subscriptions(figures)
        yield from _of_transactions(figures)
        yield from _of_procedures(figures)
        yield from _of_tables(figures)


_ByDatabase = Mapping[Database, Figures]


def _of_clients(traffic: Mapping[Database, DatabaseTraffic], figures: _ByDatabase) -> Iterable[Metric]:
    yield _gauge(
        "spacetime_worker_connected_clients", "Clients that are connected", _IDENTITY, figures, lambda of: of.clients
    )
    accepted = GaugeMetricFamily(
        "spacetime_worker_ws_clients_spawned", "Clients that were accepted", labels=[_IDENTITY]
    )
    for database, seen in traffic.items():
        accepted.add_metric([database.identity.hex()], seen.accepted)
    yield accepted
    yield _counted(
        "spacetime_worker_ws_client_disconnections",
        "Accepted clients that have gone, by reason",
        (_IDENTITY, "cause"),
        {database: seen.disconnections for database, seen in traffic.items()},
        lambda cause: (cause,),
    )
    yield _counted(
        "spacetime_worker_ws_client_rejections",
        "Clients that were turned away, by reason",
        (_IDENTITY, "cause"),
        {database: seen.rejections for database, seen in traffic.items()},
        lambda cause: (cause,),
    )
    yield _counted(
        "spacetime_websocket_requests",
        "Messages of clients",
        (_IDENTITY, "protocol"),
        {database: seen.requests for database, seen in traffic.items()},
        lambda protocol: (protocol,),
    )
    answered = CounterMetricFamily(
        "spacetime_http_response_size_bytes", "Bytes of HTTP answers about a database", labels=[_DB]
    )
    for database, seen in traffic.items():
        answered.add_metric([database.identity.hex()], seen.answered_bytes + seen.straight_bytes)
    yield answered


def _of_subscriptions(figures: _ByDatabase) -> Iterable[Metric]:
    name = "spacetime_subscription_connections"
    yield _gauge(name, "Clients with subscriptions", _IDENTITY, figures, lambda of: of.subscribed_clients)
    name = "spacetime_subscription_sets"
    yield _gauge(name, "Sets of queries that clients have", _IDENTITY, figures, lambda of: of.subscription_sets)
    name = "spacetime_active_queries"
    yield _gauge(name, "Distinct queries with subscribers", _IDENTITY, figures, lambda of: of.live_queries)
    name = "spacetime_query_subscriptions"
    yield _gauge(name, "Queries of all clients", _IDENTITY, figures, lambda of: of.held_queries)


def _of_transactions(figures: _ByDatabase) -> Iterable[Metric]:
    transactions = CounterMetricFamily(
        "spacetime_num_txns", "Transactions, by how they ended", labels=["txn_type", _DB, "reducer", "committed"]
    )
    for database, of in figures.items():
        identity = database.identity.hex()
        for (reducer, committed), count in of.counts.calls.copy().items():
            transactions.add_metric(["Reducer", identity, reducer, _word(committed)], count)
        for committed, count in of.counts.statements.copy().items():
            transactions.add_metric(["Sql", identity, "", _word(committed)], count)
    yield transactions
    for name, words, counts in (
        ("sender", "Calls that a reducer refused", {database: of.counts.refusals for database, of in figures.items()}),
        (
            "wasm_instance",
            "Calls that ended in a bug of the module",
            {database: of.counts.crashes for database, of in figures.items()},
        ),
    ):
        labels = (_IDENTITY, "module_hash", "reducer_symbol")
        yield _counted(
            f"spacetime_worker_{name}_errors",
            words,
            labels,
            counts,
            lambda reducer: (reducer,),
            lambda database: (database.identity.hex(), database.program_hash.hex()),
        )
    name = "spacetime_worker_instance_operation_queue_length"
    yield _gauge(name, "What waits for the database", _IDENTITY, figures, lambda of: of.waiting)


def _of_procedures(figures: _ByDatabase) -> Iterable[Metric]:
    """As on the real server, only of databases whose procedures have sent requests."""
    requesting = {database: of for database, of in figures.items() if of.requests.begun}
    for name, words, value in (
        ("num_http_requests", "HTTP requests of procedures", lambda of: of.requests.begun),
        ("num_failed_http_requests", "Those that were not answered", lambda of: of.requests.failed),
        ("num_timeout_http_requests", "Those that were not answered in time", lambda of: of.requests.timed_out),
        ("num_in_progress_http_requests", "Those that are on their way", lambda of: of.requests.in_progress),
        ("http_request_size_bytes", "Bytes that procedures have sent", lambda of: of.requests.sent_bytes),
        ("http_response_size_bytes", "Bytes of the answers", lambda of: of.requests.received_bytes),
    ):
        yield _gauge(f"spacetime_procedure_{name}", words, _DB, requesting, value)


def _of_tables(figures: _ByDatabase) -> Iterable[Metric]:
    by_name = GaugeMetricFamily("spacetime_data_size_table_num_rows", "Rows of a table", labels=[_DB, "table_name"])
    by_number = GaugeMetricFamily("spacetime_num_table_rows", "Rows of a table", labels=[_DB, "table_id", "table_name"])
    for database, of in figures.items():
        identity = database.identity.hex()
        for (number, name), rows in of.rows.items():
            by_name.add_metric([identity, name], rows)
            by_number.add_metric([identity, str(number), name], rows)
    yield by_name
    yield by_number


def _gauge(name: str, words: str, label: str, figures: _ByDatabase, value: Callable[[Figures], int]) -> Metric:
    gauge = GaugeMetricFamily(name, words, labels=[label])
    for database, of in figures.items():
        gauge.add_metric([database.identity.hex()], value(of))
    return gauge


def _identity_alone(database: Database) -> tuple[str, ...]:
    return (database.identity.hex(),)


def _counted(
    name: str,
    words: str,
    labels: tuple[str, ...],
    counts: Mapping[Database, Mapping[Key, int]],
    key_labels: Callable[[Key], tuple[str, ...]],
    database_labels: Callable[[Database], tuple[str, ...]] = _identity_alone,
) -> Metric:
    """A counter of several kinds of things for each database; in the text its name ends with ``_total``."""
    counter = CounterMetricFamily(name, words, labels=labels)
    for database, found in counts.items():
        for key, count in dict(found).items():
            counter.add_metric([*database_labels(database), *key_labels(key)], count)
    return counter


def _word(value: bool) -> str:
    return "true" if value else "false"
