"""A websocket as the client needs it, over whichever library is installed."""
