"""What servers 1.x lack: the client says so, instead of calling the address a wrong one."""

from __future__ import annotations

import pytest

from stdbpy.errors import NotSupported
from tests.contract.programs import PERSON, program
from tests.contract.subject import Subject, fresh_name


def test_what_servers_1_lack(server: Subject):
    if not server.is_old:
        pytest.skip("newer servers have all of it")
    name, content = fresh_name(), program(server, PERSON)
    with server.client() as api:
        api.publish(content, name)
        for use in (
            lambda: api.pre_publish(content, name),
            lambda: api.reset(content, name),
            lambda: api.lock(name),
            lambda: api.unlock(name),
            lambda: api.publish(content, name, parent=name),
            lambda: api.publish(content, name, organization=name),
        ):
            with pytest.raises(NotSupported, match=r"version, 1\.2\.0, does not") as caught:
                use()
            assert caught.value.hint
        assert api.publish(content, name, break_clients=True).op == "updated"
