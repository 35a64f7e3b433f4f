"""The embedded server: SpacetimeDB's HTTP API in front of :mod:`stdbpy.engine`, for development and tests."""

from stdbpy.server.app import create_app
from stdbpy.server.backend import Backend
from stdbpy.server.config import ServerConfig
from stdbpy.server.run import RunningServer, serve

__all__ = ["Backend", "RunningServer", "ServerConfig", "create_app", "serve"]
