"""Requests changed and sent again: finds what is to be edited, keeps drafts, sends, and shows what came of it.

Drafts live as long as the window does and are written nowhere: they hold secrets.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.feed import TraceFeed
from app.link import LinkState, SupervisorLink
from app.link.words import told
from app.traffic import secrecy
from app.traffic.edit.draft import Draft, Recorded, Written, recorded
from app.traffic.edit.window import EditWindow
from app.traffic.page import TrafficPage
from inspector.model import Exchange, Kind
from supervisor.control.messages import Refused, Reply, Resend, Resent

#: How long a filter may take to list what was sent, before it is let go of to show that.
_PATIENCE_MS = 1500
_NOT_RUNNING = "No application runs that it could be sent to. Choose one in the main window and start it."
_WHY_NOT = {
    Kind.WEBSOCKET: "A conversation over a WebSocket is not edited: R sends it again as it was",
    Kind.LIFESPAN: "The lifespan belongs to the server: there is nothing to send",
}

_Key = tuple[str, int]  #: a trace and an exchange of it


class Editing(QObject):
    """The editor of one main window; ``app`` names the application to send to, empty for none.

    Signals:
        said(str): something for the status bar.
        shown(int): this exchange is what was sent; it is in the table.
    """

    said = Signal(str)
    shown = Signal(int)

    def __init__(self, link: SupervisorLink, feed: TraceFeed, traffic: TrafficPage, app: Callable[[], str]) -> None:
        super().__init__(traffic)
        self._link, self._feed, self._traffic, self._app = link, feed, traffic, app
        self._key: _Key = ("", 0)
        self._drafts: dict[_Key, Draft] = {}
        self._awaited = 0  # the exchange that was sent and is to be shown
        self._hurry = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._hurry.timeout.connect(self._give_way)
        self.window = EditWindow(traffic.window())
        self.window.send_wanted.connect(self._send)
        self.window.left.connect(self._on_left)
        feed.rows_changed.connect(self._on_rows_changed)
        feed.closed.connect(self._forget)
        traffic.listing.settled.connect(self._look)

    def edit(self, identity: int) -> None:
        """Open the editor on an exchange of the trace in view, or say why it can't be edited."""
        self._feed.load_exchange(identity, partial(self._on_loaded, (self._feed.path, identity)), key="edit")

    def _on_loaded(self, key: _Key, exchange: Exchange | None) -> None:
        if exchange is not None and exchange.kind in _WHY_NOT:
            self.said.emit(_WHY_NOT[Kind(exchange.kind)])
        elif exchange is None or not exchange.request_head:
            self.said.emit("Nothing to edit: no request was seen on the wire")
        else:
            self._keep_draft()
            self._key = key
            asked = secrecy.asked(exchange.method, exchange.target, 60)
            title = f"Edit {asked} (exchange {exchange.id}) - Gatescope"
            self._open(title, recorded(exchange))

    def _open(self, title: str, begun: Recorded) -> None:
        draft = self._drafts.get(self._key)
        self.window.show_request(title, begun, draft)
        if draft is not None:
            self.said.emit(f"Your draft of exchange {self._key[1]}, as you left it")

    # drafts

    def _keep_draft(self) -> None:
        """What was typed is not lost, wherever one goes."""
        if not self.window.isVisible():
            return
        if self.window.changed:
            self._drafts[self._key] = self.window.draft
        else:
            self._drafts.pop(self._key, None)

    def _on_left(self) -> None:
        """Told before the window hides."""
        self._keep_draft()
        self._come_back()
        if self._key in self._drafts:
            self.said.emit(f"The draft of exchange {self._key[1]} is kept: E goes on with it")

    def _come_back(self) -> None:
        """To the main window, also where no window manager sees to that."""
        self._traffic.window().activateWindow()

    # sending

    def _send(self, request: Written) -> None:
        path, exchange = self._key
        app = self._app()
        if not app and self._link.state is LinkState.ON:
            self.window.say_problem(_NOT_RUNNING)
            return
        command = Resend(
            id=0, app=app, method=request.method, target=request.target, headers=request.headers,
            body=base64.b64encode(request.body).decode("ascii"), version=request.version, source=path,
            exchange=exchange,
        )  # fmt: skip
        self._link.send(command, partial(self._on_reply, self._key, request.note))

    def _on_reply(self, key: _Key, note: str, reply: Reply) -> None:
        if isinstance(reply, Refused):
            self._say_refused(key, told(reply.problem))
        elif isinstance(reply, Resent):
            self._on_sent(key, note, reply)

    def _say_refused(self, key: _Key, words: str) -> None:
        if self.window.isVisible() and key == self._key:
            self.window.say_problem(words)
        else:
            self.said.emit(words)

    def _on_sent(self, key: _Key, note: str, sent: Resent) -> None:
        """The draft has become an exchange, from which editing can go on."""
        self._drafts.pop(key, None)
        if key == self._key:
            self.window.hide()
            self._come_back()
        if sent.trace != self._feed.path:
            name = Path(sent.trace).name
            self.said.emit(
                f"Sent. It is exchange {sent.exchange} of {name}, where the application's traffic is recorded"
            )
            return
        self.said.emit(f"Sent as exchange {sent.exchange}. {note}".strip())
        self._awaited = sent.exchange
        self._hurry.start()
        self._look()

    # showing what was sent, when it is in the table

    def _on_rows_changed(self, _rows: object) -> None:
        self._look()

    def _look(self) -> None:
        if self._awaited and self._traffic.table.go_to(self._awaited):
            self._show()

    def _give_way(self) -> None:
        """It is recorded, and the filter or the order of the table hides it."""
        if self._awaited:
            self._traffic.show_exchange(self._awaited)
            self._show()

    def _forget(self) -> None:
        """Another trace has other exchanges under the same numbers."""
        self._awaited = 0
        self._hurry.stop()

    def _show(self) -> None:
        identity = self._awaited
        self._forget()
        self.shown.emit(identity)
