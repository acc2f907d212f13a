"""Requests are sent again to this machine, whatever Host they named."""

from __future__ import annotations

import pytest

from inspector.export.address import Address, address
from inspector.heads import Head


@pytest.mark.parametrize(
    ("target", "host", "expected"),
    [
        ("/", "localhost:8000", Address("localhost:8000")),
        ("/", "shop.localhost", Address("shop.localhost")),
        ("/", "127.0.0.1:80", Address("127.0.0.1:80")),
        ("/", "[::1]:80", Address("[::1]:80")),
        ("/", "", Address("localhost")),
        ("/", "shop.example:8000", Address("127.0.0.1:8000", "shop.example:8000")),
        ("/", "shop.example", Address("127.0.0.1", "shop.example")),
        ("/", "127.0.0.1@evil.example", Address("127.0.0.1", "127.0.0.1@evil.example")),
        ("/", "localhost/@evil.example", Address("127.0.0.1", "localhost/@evil.example")),
        ("http://localhost:1/a", "b", Address("localhost:1", whole=True)),
        ("http://evil.example/a", "localhost", Address("127.0.0.1", "localhost")),
        ("file://localhost/etc/passwd", "localhost", Address("localhost")),
    ],
)
def test_where_a_request_goes(target, host, expected):
    assert address(target, Head("", (("Host", host),))) == expected


@pytest.mark.parametrize(
    ("host", "proxy", "expected"),
    [
        ("shop.example", "http://127.0.0.1:4321", Address("127.0.0.1:4321", "shop.example")),
        ("", "http://[::1]:4321", Address("[::1]:4321")),
        ("localhost:8000", "http://127.0.0.1:4321", Address("localhost:8000")),
        ("shop.example:80", "http://evil.example", Address("127.0.0.1:80", "shop.example:80")),
        ("shop.example", "http://127.0.0.1:1@evil.example/", Address("127.0.0.1", "shop.example")),
    ],
)
def test_the_address_at_which_it_came_in_counts_only_on_this_machine(host, proxy, expected):
    assert address("/", Head("", (("Host", host),)), proxy) == expected
