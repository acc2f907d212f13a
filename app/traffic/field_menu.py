"""A context menu for the fields of an exchange wherever they are shown: filter by this, exclude, highlight, column.

Knows which term of the filter language a row of a list of headers, of an environ or of a scope stands for; what is done
with it is the filter's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu, QTreeWidget, QTreeWidgetItem

from app.traffic.context import secret
from app.traffic.filtering import Filtering
from inspector.model import Exchange
from inspector.query.completion import quote
from inspector.query.functions import header, key

_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_LONGEST = 2_000  #: characters of a value that a filter is made of


@dataclass(frozen=True, slots=True)
class FieldTerm:
    """``column`` is the name under which the field can be a column; ``shown`` stands for a term with a secret."""

    term: str
    column: str
    shown: str = ""


def header_term(exchange: Exchange, side: str, name: str) -> FieldTerm | None:
    """The header ``name`` of one ``side`` has the value that it has; None where the language cannot say that."""
    head = exchange.request_head if side == "request" else exchange.response_head
    hide = secret(("headers", name))
    return _term(f"{side}.header.{name}", f"header.{name.lower()}", name, header(head, name), hide=hide)


def context_term(exchange: Exchange, path: tuple[str, ...]) -> FieldTerm | None:
    """A key of the scope or the environ has the value that it has; a scope's header is the request's."""
    wsgi = exchange.interface == "WSGI"
    if not wsgi and path[0] == "headers":
        return header_term(exchange, "request", path[1]) if len(path) == 2 else None
    name = f"{'environ' if wsgi else 'scope'}.{'.'.join(path[:1] if wsgi else path)}"
    value = key(exchange.interface, exchange.context, name)
    return _term(name, name, name.partition(".")[2], value, hide=secret(path))


def _term(field: str, column: str, name: str, value: str | None, *, hide: bool) -> FieldTerm | None:
    if value is None or len(value) > _LONGEST or not _NAME.fullmatch(name):
        return None
    return FieldTerm(f"{field}:{quote(f'={value}')}", column, f"{field}: what it is here" if hide else "")


class FieldMenu(QObject):
    """Menus of the trees that it was given.

    ``show_column`` gives a header or key a column.
    """

    def __init__(self, filtering: Filtering, show_column: Callable[[str], None], parent: QObject) -> None:
        super().__init__(parent)
        self._filtering, self._show_column = filtering, show_column

    def attach(
        self, tree: QTreeWidget, found: Callable[[QTreeWidgetItem], FieldTerm | None], copy: Callable[[], None]
    ) -> None:
        """Give ``tree`` a menu, by mouse and by key; ``found`` says what a row of it stands for."""
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

        def show(at: QPoint) -> None:
            item = tree.itemAt(at) or tree.currentItem()
            if item is not None:
                tree.setCurrentItem(item)
                where = at if tree.itemAt(at) is not None else tree.visualItemRect(item).center()
                self.menu(tree, found(item), copy).popup(tree.viewport().mapToGlobal(where))

        tree.customContextMenuRequested.connect(show)

    def menu(self, tree: QTreeWidget, found: FieldTerm | None, copy: Callable[[], None]) -> QMenu:
        """What can be done with a row."""
        menu = QMenu(tree)
        menu.aboutToHide.connect(menu.deleteLater)
        if found is not None:
            self._filtering.add_to(menu, found.term, found.shown)
            menu.addAction(f"Show {found.column} as a column", lambda: self._show_column(found.column))
            menu.addSeparator()
        menu.addAction("Copy", copy)
        return menu
