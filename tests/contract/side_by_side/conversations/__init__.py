"""Random conversations over the websocket, held with two servers that are to say the same.

``python -m tests.contract.side_by_side.conversations --seeds 1-200`` holds many of them.
"""
