"""Several connections as one: calls go to the least busy of those that are well."""

from stdbpy.client.pool.async_pool import AsyncPool
from stdbpy.client.pool.breaker import BreakerPolicy, BreakerState
from stdbpy.client.pool.health import ConnectionHealth, EndpointHealth
from stdbpy.client.pool.options import Endpoint, PoolPolicy
from stdbpy.client.pool.sync_pool import Pool

__all__ = [
    "AsyncPool",
    "BreakerPolicy",
    "BreakerState",
    "ConnectionHealth",
    "Endpoint",
    "EndpointHealth",
    "Pool",
    "PoolPolicy",
]
