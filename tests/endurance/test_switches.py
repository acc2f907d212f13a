"""A short run of the switches under load; ``python -m tests.endurance.switches`` is the long one."""

from __future__ import annotations

import pytest

from tests.endurance import switches


@pytest.mark.parametrize("interface", ["ASGI", "WSGI"])
def test_clients_notice_nothing_of_a_switch(interface: str) -> None:
    assert switches.main(["--switches", "3", "--pause", "10", "--interface", interface]) == 0
