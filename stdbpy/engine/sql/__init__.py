"""SQL as SpacetimeDB speaks it: one statement at a time, over one transaction.

Text → tokens → syntax (``parse``) → names and types (``bind``) → plan (``plan``) → rows
(``execute``). Verdicts, columns and rows are those of the real server 2.8.3; what differs is listed
in ``tests/engine/sql/test_known_differences.py``.
"""

from stdbpy.engine.sql.database import Sql, run_sql

__all__ = ["Sql", "run_sql"]
