"""The embedded server: SpacetimeDB's HTTP API in front of :mod:`stdbpy.engine`, for development and tests."""

from stdbpy.server.app import create_app
from stdbpy.server.backend import Backend
from stdbpy.server.config import ServerConfig
from stdbpy.server.keys import KeyFiles
from stdbpy.server.run import RunningServer, free_address, serve

__all__ = ["Backend", "KeyFiles", "RunningServer", "ServerConfig", "create_app", "free_address", "serve"]
