from __future__ import annotations

import os
import socket

import pytest

from supervisor.tree.ports import listener_of, listening


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_who_is_bound_does_not_listen_yet(family: socket.AddressFamily, host: str) -> None:
    with socket.socket(family) as server:
        server.bind((host, 0))
        port = server.getsockname()[1]
        assert not listening(port)
        server.listen()
        assert listening(port)
    assert not listening(port)


def test_who_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert f"pid {os.getpid()}" in listener_of(port)
    assert listener_of(port) == ""
