"""Calls of reducers in other databases (SpacetimeDB 2.14): rows of a table that is an outbox are sent, each once.

A transaction that inserts such a row notes a message with it, which therefore survives whatever the row survives. When
it is durable, the message is handed to its target, a database of the same engine. That one runs the reducer and notes
the outcome in the same transaction, so that a message which comes twice is run once. When that is durable the sender
tells its own reducer, if the outbox names one, and forgets row and message in the same transaction. Messages from one
outbox to one database are a stream: the next one is sent when that is done.

Source of the rules: ``spacetimedb-core`` 2.14 (``host/idc_actor.rs``, ``host/module_host.rs``) and
``spacetimedb-datastore`` 2.14 (``system_tables/idc.rs``, ``locking_tx_datastore/mut_tx.rs``).
"""
