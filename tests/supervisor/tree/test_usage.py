from __future__ import annotations

import os
import socket

from supervisor.tree.usage import Sampler, listener_of


def test_what_this_process_uses() -> None:
    sampler = Sampler()
    assert sampler.sample({os.getpid()})[os.getpid()].rss > 1_000_000
    sum(i * i for i in range(200_000))
    assert sampler.sample({os.getpid()})[os.getpid()].cpu >= 0


def test_a_process_that_is_gone_is_left_out() -> None:
    assert Sampler().sample({2**22 - 1}) == {}


def test_who_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert f"pid {os.getpid()}" in listener_of(port)
    assert listener_of(port) == ""
