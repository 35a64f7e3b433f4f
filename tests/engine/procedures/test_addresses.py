"""Which addresses procedures may send requests to."""

from __future__ import annotations

import pytest

from stdbpy.engine.procedures.addresses import is_allowed, is_loopback


@pytest.mark.parametrize(
    ("refused", "allowed"),
    [
        ("0.255.255.255", "1.0.0.0"),
        ("10.255.255.255", "11.0.0.0"),
        ("100.64.0.0", "100.63.255.255"),
        ("100.127.255.255", "100.128.0.0"),
        ("169.254.169.254", "169.255.0.0"),
        ("172.16.0.0", "172.15.255.255"),
        ("172.31.255.255", "172.32.0.0"),
        ("192.0.0.255", "192.0.1.0"),
        ("192.0.2.1", "192.0.3.0"),
        ("192.31.196.1", "192.31.197.0"),
        ("192.52.193.1", "192.52.194.0"),
        ("192.88.99.1", "192.88.100.0"),
        ("192.168.255.255", "192.169.0.0"),
        ("192.175.48.1", "192.175.49.0"),
        ("198.19.255.255", "198.20.0.0"),
        ("198.51.100.1", "198.51.101.0"),
        ("203.0.113.1", "203.0.114.0"),
        ("240.0.0.0", "239.255.255.255"),
        ("255.255.255.255", "8.8.8.8"),
        ("::", "::2"),
        ("::ffff:8.8.8.8", "::fffe:8.8.8.8"),
        ("64:ff9b::808:808", "64:ff9b:0:0:0:1::"),
        ("64:ff9b:1:ffff::1", "64:ff9b:2::"),
        ("100::1", "100:0:0:2::"),
        ("100:0:0:1::1", "101::"),
        ("2001:1ff::1", "2001:200::"),
        ("2001:db8::1", "2001:db9::"),
        ("2002::1", "2003::"),
        ("2620:4f:8000::1", "2620:4f:8001::"),
        ("3fff:fff::1", "3fff:1000::"),
        ("5f00::1", "5f01::"),
        ("fdff::1", "fe00::"),
        ("febf::1", "fec0::"),
        ("fe80::1%1", "2606:4700::1111"),
    ],
)
@pytest.mark.parametrize("loopback", [True, False])
def test_ranges_have_these_ends(refused: str, allowed: str, loopback: bool) -> None:
    assert not is_allowed(refused, loopback=loopback)
    assert is_allowed(allowed, loopback=loopback)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.255.255.255", "::1"])
def test_this_machine_may_be_called_only_if_it_is_said(address: str) -> None:
    assert is_loopback(address)
    assert is_allowed(address, loopback=True)
    assert not is_allowed(address, loopback=False)
