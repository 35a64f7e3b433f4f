"""Which addresses procedures may send HTTP requests to.

As in SpacetimeDB 2.8.3 (``crates/core/src/host/instance_env.rs``) those that mean something in private
networks, or nothing, are refused: the special purposes of RFC 6890 and of IANA's registries since.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_LOOPBACK = tuple(map(ip_network, ("127.0.0.0/8", "::1/128")))

_SPECIAL = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",  # this host
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared by a provider's customers
            "169.254.0.0/16",  # link local: where clouds keep the credentials of machines
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.31.196.0/24",  # AS112
            "192.52.193.0/24",  # automatic multicast tunneling
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",  # private
            "192.175.48.0/24",  # AS112
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "240.0.0.0/4",  # reserved, and broadcast
            "::/128",  # unspecified
            "::ffff:0:0/96",  # IPv4 in IPv6
            "64:ff9b::/96",  # IPv4 by translation
            "64:ff9b:1::/48",  # the same in private networks
            "100::/64",  # to be discarded
            "100:0:0:1::/64",  # a dummy
            "2001::/23",  # protocol assignments, Teredo among them
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4
            "2620:4f:8000::/48",  # AS112
            "3fff::/20",  # documentation
            "5f00::/16",  # segment routing
            "fc00::/7",  # private
            "fe80::/10",  # link local
        ),
    )
)


@lru_cache(maxsize=1024)
def is_loopback(address: str) -> bool:
    return _is_in(ip_address(address), _LOOPBACK)


@lru_cache(maxsize=1024)
def is_allowed(address: str, *, loopback: bool) -> bool:
    """Whether requests may go to an address, an IPv4 or IPv6 one; ``loopback`` says whether to this machine."""
    parsed = ip_address(address)
    return not _is_in(parsed, _SPECIAL) and (loopback or not _is_in(parsed, _LOOPBACK))


def _is_in(address: IPv4Address | IPv6Address, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    return any(address in network for network in networks)
