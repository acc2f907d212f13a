"""What went over a WebSocket, as text for the comparison."""

from __future__ import annotations

from typing import Any

from app.replay import said
from inspector.model import Message


def message(seq: int, direction: str, kind: str, payload: bytes | None = None, **fields: Any) -> Message:
    fields = {"size": len(payload or b""), "side": "wire", **fields}
    return Message(exchange=1, seq=seq, t_ns=seq, direction=direction, type=kind, payload=payload, **fields)


def test_a_paragraph_a_message() -> None:
    text = said.conversation(
        [
            message(2, "in", "ws.text", "ä".encode()),
            message(1, "out", "ws.text", b'{"n": 1}'),
            message(3, "in", "websocket.receive", b"x", side="app"),
            message(4, "out", "ws.ping"),
            message(5, "out", "ws.binary", b"\x00\xff"),
            message(6, "out", "ws.close", info='{"code": 4001, "reason": "bye"}'),
            message(7, "in", "ws.close"),
        ]
    )
    lines = text.splitlines()
    assert lines[:5] == ["Server: {", '  "n": 1', "}", "Client: ä", "Server: 2 B of binary"]
    assert "00 ff" in lines[5]
    assert lines[6:] == ["Server closes: 4001 bye", "Client closes: 1005"]


def test_what_is_not_there_is_said() -> None:
    assert said.conversation([message(1, "in", "ws.text", b"head", size=4000)]) == "Client: head… (4.00 kB)"
    assert said.conversation([message(1, "in", "client.gone")]) == "Client left without closing (1006)"
    assert said.conversation([message(1, "out", "ws.close", info="[]")]) == "Server closes: 1005"
    assert said.conversation([]) == ""


def test_very_many_are_not_all_laid_out() -> None:
    text = said.conversation([message(n, "in", "ws.text", b"x") for n in range(said.MOST + 5)])
    assert text.splitlines()[-1] == "and 5 more messages"
