"""PostgreSQL's wire protocol in front of the same SQL as the HTTP route's: psql and drivers can ask.

As much of it as SpacetimeDB 2.8.3 has (``crates/pg``, which builds on the crate pgwire): version 3 of the protocol
without TLS, simple queries, results as text. The password is a token, and the user's name means nothing.
"""

from stdbpy.server.postgres.listening import PostgresServer

__all__ = ["PostgresServer"]
