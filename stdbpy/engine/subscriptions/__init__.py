"""Subscriptions: which clients want to know what, and what each transaction means to them.

All of it belongs to the database's thread. Text → :mod:`query` (compiled once, shared by all clients
that ask the same) → :mod:`live` (who holds it) → :mod:`subscriptions`, which turns each transaction
into one message for each client, in order.
"""
