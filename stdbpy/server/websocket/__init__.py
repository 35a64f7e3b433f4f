"""The websocket endpoint: clients that stay connected, in protocols v1 to v3.

Handshake (``terms``) → the client's requests become calls of a ``DatabaseConnection`` (``v1``, ``v2``)
→ its events wait in a bounded ``mailbox`` → they are written as frames and sent (``endpoint``).
"""
