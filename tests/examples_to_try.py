"""How many examples properties are tried with: a part of them in ``make test``, all with the long tests.

``STDBPY_TEST_LONG`` says that time does not matter; ``make test-real`` sets it.
"""

from __future__ import annotations

import os

from hypothesis import settings

LONG = "STDBPY_TEST_LONG"
PART = 4
AT_LEAST = 10


def up_to(examples: int) -> settings:
    """At most so many examples, each in as much time as it takes."""
    tried = examples if os.environ.get(LONG) else max(AT_LEAST, examples // PART)
    return settings(max_examples=tried, deadline=None)
