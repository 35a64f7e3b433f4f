"""Modules of SpacetimeDB 2.14, on a server that does not know what they declare."""

from __future__ import annotations

import pytest

from stdbpy.api import ApiClient
from stdbpy.errors import ApiError, NotSupported
from stdbpy.schema.environment import EnvironmentUpdate
from tests.guests import guest
from tests.real_servers import RealServer

DECLARED = """
from stdbpy import environment

@environment
class Env:
    API_KEY: str
"""


@pytest.mark.real
@pytest.mark.difference("values of a database's environment")
def test_2_8_3_refuses_modules_that_declare_values(real_server: RealServer) -> None:
    program = guest(DECLARED)
    with ApiClient(real_server.url) as nobody, ApiClient(real_server.url, nobody.create_identity().token) as api:
        with pytest.raises(ApiError, match="needs a newer server"):
            api.publish(program)
        with pytest.raises(NotSupported, match="does not keep values of an environment"):
            api.publish(program, environment=EnvironmentUpdate({"API_KEY": "s3cret"}))
