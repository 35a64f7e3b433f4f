"""How pools of tests look after their connections: quickly."""

from __future__ import annotations

from stdbpy.client.pool import BreakerPolicy, PoolPolicy
from stdbpy.protocol.options import ReconnectPolicy

QUICK = ReconnectPolicy(base=0.02, cap=0.02)
BREAKER = BreakerPolicy(failures=3, open_for=0.05)
WATCHFUL = PoolPolicy(breaker=BREAKER, check_interval=0.05, check_timeout=0.2, drain_timeout=5)
PATIENT = PoolPolicy(breaker=BREAKER, check_interval=0.05, check_timeout=60, drain_timeout=5)
"""Where nobody says nothing: a server may take its time on a busy machine."""
