"""What a database tells of itself in tables, as SpacetimeDB 2.8.3 does (``crates/datastore``,
``system_tables.rs``): anybody may read them with SQL and subscribe to them.

Three of them are stored as the module's tables are: the connected clients, their tokens' claims, and the
variables that SET changes. The others follow from the module, and nobody can change them.
"""
