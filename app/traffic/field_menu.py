"""A context menu for the fields of an exchange wherever they are shown: filter by this, exclude, highlight, column.

Knows which term of the filter language a row of a list of headers, of an environ or of a scope stands for; what is done
with it is the filter's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtWidgets import QMenu, QTreeWidget, QTreeWidgetItem

from app.traffic import formats
from app.traffic.context import secret
from app.traffic.detail.panel import DetailPanel
from app.traffic.filtering import Filtering
from app.traffic.terms import FieldTerm, equal
from inspector.model import Exchange
from inspector.query.functions import header, key

#: Adds entries for terms to a context menu.
Offer = Callable[[QMenu, Sequence[FieldTerm]], None]


def header_term(exchange: Exchange, side: str, name: str) -> FieldTerm | None:
    """The header ``name`` of one ``side`` has the value that it has; None where the language cannot say that."""
    head = exchange.request_head if side == "request" else exchange.response_head
    hide = secret(("headers", name))
    return equal(f"{side}.header.{name}", header(head, name), column=f"header.{name.lower()}", hide=hide)


def context_term(exchange: Exchange, path: tuple[str, ...]) -> FieldTerm | None:
    """A key of the scope or the environ has the value that it has; a scope's header is the request's."""
    wsgi = exchange.interface == "WSGI"
    if not wsgi and path[0] == "headers":
        return header_term(exchange, "request", path[1]) if len(path) == 2 else None
    name = f"{'environ' if wsgi else 'scope'}.{'.'.join(path[:1] if wsgi else path)}"
    value = key(exchange.interface, exchange.context, name)
    return equal(name, value, column=name, hide=secret(path))


class FieldMenu(QObject):
    """Menus of the trees that it was given.

    ``show_column`` gives a header or key a column.
    """

    def __init__(self, filtering: Filtering, show_column: Callable[[str], None], parent: QObject) -> None:
        super().__init__(parent)
        self._filtering, self._show_column = filtering, show_column

    def serve(self, detail: DetailPanel) -> None:
        """Menus for all that ``detail`` shows of an exchange."""
        for side in ("request", "response"):
            tree = getattr(detail, side).headers
            self.attach(tree, partial(_header_of, detail, side), tree.copy_selected)
        tree = detail.context.tree
        self.attach(tree, partial(_key_of, detail), tree.copy_selected)
        detail.summary.offer = detail.messages.offer = self.offer
        for body, field in (
            (detail.request.body, "request-body"), (detail.response.body, "response-body"),
            (detail.messages.payload, "body"),
        ):  # fmt: skip
            body.offer_terms(field, self.offer)

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
        self.offer(menu, [found] if found is not None else [])
        menu.addAction("Copy", copy)
        return menu

    def offer(self, menu: QMenu, terms: Sequence[FieldTerm]) -> None:
        """Entries for the first of ``terms``, and for each of the others a menu of its own."""
        for number, found in enumerate(terms[:_MOST]):
            below = menu.addMenu(f"With  {said(found)}") if number else menu
            self._filtering.add_to(below, found.term, found.shown)
            if found.column:
                below.addAction(f"Show {found.column} as a column", partial(self._show_column, found.column))
        if terms:
            menu.addSeparator()


def _header_of(detail: DetailPanel, side: str, item: QTreeWidgetItem) -> FieldTerm | None:
    return header_term(detail.exchange, side, item.text(0)) if detail.exchange is not None else None


def _key_of(detail: DetailPanel, item: QTreeWidgetItem) -> FieldTerm | None:
    path = detail.context.path(item)
    return context_term(detail.exchange, path) if detail.exchange is not None and path else None


_MOST = 30  #: terms in one menu


def said(found: FieldTerm) -> str:
    """A term in a menu."""
    return formats.cell(found.shown or found.term, 70).replace("&", "&&")
