"""How pools of tests look after their connections: quickly."""

from __future__ import annotations

from stdbpy.client.pool import BreakerPolicy, PoolPolicy
from stdbpy.protocol.options import ReconnectPolicy

QUICK = ReconnectPolicy(base=0.02, cap=0.02)
WATCHFUL = PoolPolicy(
    breaker=BreakerPolicy(failures=3, open_for=0.05), check_interval=0.05, check_timeout=0.2, drain_timeout=5
)
