"""Exchanges as curl commands: what a shell makes of them is what was recorded."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.traffic.curl import to_curl
from inspector.model import Body, Exchange


def arguments(exchange: Exchange, address: str = "") -> list[str]:
    return shlex.split(to_curl(exchange, address).replace("\\\n", ""), comments=True)


def made(
    method: str = "GET", target: str = "/a?b=c d", head: str = "Host: shop.example", body: bytes = b""
) -> Exchange:
    raw = f"{method} {target} HTTP/1.1\r\n{head}\r\n\r\n".encode("latin-1")
    return Exchange(1, method=method, target=target, request_head=raw, request_body=Body(len(body), body))


def test_a_plain_get_needs_nothing_but_its_url() -> None:
    assert arguments(made()) == ["curl", "http://shop.example/a?b=c d"]


def test_another_address_keeps_the_host_it_was_sent_to() -> None:
    assert arguments(made(), "http://127.0.0.1:9/") == [
        "curl", "http://127.0.0.1:9/a?b=c d", "-H", "Host: shop.example"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "body", "expected"),
    [
        ("POST", b"x=1", ["--data-raw", "x=1"]),
        ("PUT", b"it's", ["-X", "PUT", "--data-raw", "it's"]),
        ("POST", b"", ["-X", "POST"]),
        ("HEAD", b"", ["--head"]),
        ("GET", b"q", ["-X", "GET", "--data-raw", "q"]),
    ],
)
def test_method_and_body(method: str, body: bytes, expected: list[str]) -> None:
    assert arguments(made(method, body=body))[2:] == expected


def test_fields_that_curl_makes_itself_are_left_out() -> None:
    head = "Host: a\r\nContent-Length: 3\r\nX-A: it's\r\nConnection: close\r\nx-a: two"
    assert arguments(made(head=head))[2:] == ["-H", "X-A: it's", "-H", "x-a: two"]


def test_absolute_targets_and_missing_hosts_still_give_a_url() -> None:
    assert arguments(made(target="http://b/c", head="X: y"))[1] == "http://localhost/c"
    assert arguments(made("OPTIONS", target="*"))[1] == "http://shop.example/"


def test_a_cut_body_is_left_out_and_said() -> None:
    cut = made("POST", body=b"abc")
    cut.request_body.size = 10
    assert to_curl(cut).startswith("# without its body")
    assert "abc" not in to_curl(cut)


@settings(max_examples=20, deadline=None)
@given(st.binary(min_size=1, max_size=40))
def test_a_shell_hands_any_body_over_as_it_was(body: bytes) -> None:
    command = to_curl(made("POST", body=body))
    option = command.rpartition("--data-")[2]
    script = f"cat {option.removeprefix('binary @')}" if option.startswith("binary") else f"printf %s {option[4:]}"
    shell = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    assert shell.stdout == body
