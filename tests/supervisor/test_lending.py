from __future__ import annotations

from collections.abc import Mapping

import pytest

from supervisor.lending import NOTHING, Distribution, Loan, borrow, circumstances


def one(name: str, version: str = "1.0", *requires: str, python: str = ">=3.9", obstacle: str = "") -> Distribution:
    return Distribution(
        name=name, version=version, requires_python=python, requires=requires, modules={name: "/ours"},
        metadata=f"/ours/{name}.dist-info", obstacle=obstacle,
    )  # fmt: skip


STOCK = {
    found.name: found
    for found in (
        one("server", "2.1", "parser>=1,<2", "typing; python_version < '3.11'", "fast; extra == 'speed'"),
        one("parser", "1.5"),
        one("typing", "4.0"),
        one("worker", "1.0", "server>=3"),
        one("modern", "1.0", python=">=3.13"),
        one("compiled", "9.0", obstacle="is compiled"),
        one("needy", "1.0", "unheard-of>=3; python_version >= '3'"),
        one("tls-server", "1.0", "net[TLS]", "net", "<nonsense>"),
        one("net", "5.0", "openssl; extra == 'tls'", "net[tls]; extra == 'tls'", "loop; extra == 'other'", "net"),
        one("openssl", "7.0"),
        one("sockets", "1.0", "parser>=1.6"),
    )
}


def lent(*wanted: str, has: Mapping[str, str] = {}, python: str = "3.12.1", also: tuple[str, ...] = ()) -> Loan:
    return borrow(wanted, also=also, has=has, python=python, stock=STOCK)


def test_a_server_comes_with_all_that_it_needs() -> None:
    assert lent("server").named == ("server 2.1", "parser 1.5")
    assert lent("server", python="3.10.1").named == ("server 2.1", "parser 1.5", "typing 4.0")
    assert lent("server", "parser").named == ("server 2.1", "parser 1.5")


def test_extras_bring_their_own() -> None:
    assert lent("tls-server").named == ("tls-server 1.0", "net 5.0", "openssl 7.0")


def test_what_the_environment_has_is_not_lent() -> None:
    assert lent("server", has={"parser": "1.0"}).named == ("server 2.1",)
    assert lent("server", has={"server": "0.1"}) == NOTHING


@pytest.mark.parametrize(
    ("wanted", "has", "python", "obstacle"),
    [
        ("server", {"parser": "0.7"}, "3.12", "server 2.1 needs parser<2,>=1; the target's environment has parser 0.7"),
        ("server>=2", {"server": "1.0"}, "3.12", "server>=2 is needed; the target's environment has server 1.0"),
        ("server>=3", {}, "3.12", "server>=3 is needed; Gatescope's own environment has server 2.1"),
        ("worker", {}, "3.12", "worker 1.0 needs server>=3; Gatescope's own environment has server 2.1"),
        ("other", {}, "3.12", "other is not in Gatescope's own environment either"),
        ("needy", {}, "3.12", "needy 1.0 needs unheard-of>=3, which is not in Gatescope's own environment either"),
        ("compiled", {}, "3.12", "compiled 9.0 in Gatescope's own environment is compiled"),
        (
            "modern",
            {},
            "3.12.1",
            "modern 1.0 in Gatescope's own environment needs Python >=3.13; the target's is 3.12.1",
        ),
    ],
)
def test_why_not(wanted: str, has: dict[str, str], python: str, obstacle: str) -> None:
    found = lent(wanted, has=has, python=python)
    assert found.lent == ()
    assert found.obstacle.replace("parser>=1,<2", "parser<2,>=1") == obstacle


def test_what_is_lent_besides_is_left_out_where_it_cannot_be() -> None:
    assert lent("server", also=("sockets", "openssl")).named == ("server 2.1", "parser 1.5", "openssl 7.0")
    assert lent("openssl", also=("server",)).named == ("openssl 7.0", "server 2.1", "parser 1.5")


def test_what_the_probe_is_told() -> None:
    assert lent("server").word == {
        "modules": {"server": "/ours", "parser": "/ours"},
        "metadata": {"server": "/ours/server.dist-info", "parser": "/ours/parser.dist-info"},
    }
    assert NOTHING.word == {"modules": {}, "metadata": {}}


def test_versions_of_what_is_lent() -> None:
    assert lent("server").version("parser") == "1.5"
    assert lent("server").version("other") == ""


def test_what_markers_may_ask_for() -> None:
    found = circumstances("3.9.18")
    assert (found["python_version"], found["python_full_version"]) == ("3.9", "3.9.18")
