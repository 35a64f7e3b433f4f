"""The proof of reconnection: a client whose network is broken again and again misses nothing, and makes nothing up.

A :mod:`~tests.client.reconnection.lossy_proxy` stands between the client and the real server, a
:mod:`~tests.client.reconnection.witness` without any of stdbpy's code hears all transactions from the
server itself, a writer makes them, and each callback of the client is written down. In the end
:mod:`~tests.client.reconnection.verdict` reads it against what the witness heard.

The tests run it for seconds; ``python -m tests.client.reconnection --seconds 600`` for as long as one likes.
"""
