from __future__ import annotations

import subprocess
import sys

import stdbpy.sats


def test_every_public_name_is_there() -> None:
    for name in stdbpy.sats.__all__:
        assert getattr(stdbpy.sats, name) is not None
    assert not hasattr(stdbpy.sats, "nothing_of_that_name")


def test_a_type_does_not_bring_the_codecs_along() -> None:
    program = "import sys, stdbpy.sats.types; print([name for name in sys.modules if 'bsatn' in name])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "[]\n"
