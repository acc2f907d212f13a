"""Copies exchanges to the clipboard, as text or as commands that send them again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from app.feed import TraceFeed
from inspector.export.curl import to_curl
from inspector.model import Exchange
from inspector.store.reader import TraceReader

_MOST = 200  #: exchanges in one copy


class Copier(QObject):
    """Copies what ``ids`` names; ``say`` tells the user what was done."""

    def __init__(self, feed: TraceFeed, say: Callable[[str], object], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._feed = feed
        self._say = say
        self.ids: Sequence[int] = ()

    def copy_text(self, text: str) -> None:
        """Copy a text."""
        QGuiApplication.clipboard().setText(text)
        self._say("Copied")

    def copy_curl(self, *, secrets: bool = False) -> None:
        """Copy the exchanges as curl commands, a command each; without ``secrets`` those are masked, as in exports."""
        ids = self.ids[:_MOST]
        if ids:
            self._feed.ask(lambda reader: _exchanges(reader, ids), partial(self._take, secrets=secrets), key="copy")

    def _take(self, exchanges: list[tuple[Exchange, str]], *, secrets: bool) -> None:
        commands = [
            to_curl(exchange, proxy=url, secrets=secrets) for exchange, url in exchanges if exchange.request_head
        ]
        if not commands:
            self._say("Nothing to copy: no request was seen on the wire")
            return
        QGuiApplication.clipboard().setText("\n\n".join(commands))
        more = "" if len(self.ids) <= _MOST else f" (the first {_MOST} of {len(self.ids)})"
        self._say(f"Copied {len(commands)} as curl{', secrets and all' if secrets else ''}{more}")


def _exchanges(reader: TraceReader, ids: Sequence[int]) -> list[tuple[Exchange, str]]:
    """Each with the address at which it came in."""
    urls = {instance.id: instance.url for instance in reader.instances()}
    found = (reader.exchange(identity) for identity in ids)
    return [(exchange, urls.get(exchange.instance, "")) for exchange in found if exchange is not None]
