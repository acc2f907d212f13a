"""Bodies on the screen: each kind in its view, views chosen by hand, searching, copying, and 50 MB of it."""

from __future__ import annotations

import gzip
import json
import os
import threading
import time

import msgpack  # type: ignore[import-untyped]
import pytest
from PySide6.QtCore import QBuffer, QIODevice, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.traffic.bodies import BodyKind
from app.traffic.branches import json_tree
from app.traffic.detail.body_view import BodyView
from app.traffic.detail.rows_table import RowsModel
from app.traffic.detail.tree_view import TreeModel
from app.traffic.rendering import View
from inspector.model import Body

DEADLINE = 20_000  #: ms
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def view(qtbot: QtBot) -> BodyView:
    made = BodyView("Body")
    qtbot.addWidget(made)
    made.resize(600, 300)
    made.show()
    qtbot.waitExposed(made)
    return made


def body(content: bytes) -> Body:
    return Body(len(content), content)


def png() -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image = QImage(20, 10, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    image.save(buffer, "PNG")
    return bytes(buffer.data().data())


def keys(view: BodyView) -> list[str]:
    tree = view.tree.tree
    return [str(tree.index(row, 0).data()) for row in range(tree.rowCount())]


def choose(view: BodyView, wanted: View | None) -> None:
    view.views.setCurrentIndex(view.views.findData(wanted) if wanted else 0)
    view.views.activated.emit(view.views.currentIndex())


def test_each_kind_has_its_view(view: BodyView, qtbot: QtBot) -> None:
    view.show_body(body(png()), "image/png")
    qtbot.waitUntil(lambda: view.image.image.width() == 20, timeout=DEADLINE)
    assert view.image.said.text() == "PNG · 20 by 10 pixels"
    view.show_body(Body(20, b"event: a\ndata: b\n\n"), "text/event-stream", arrivals=((18, 5_000_000),))
    assert view.table.rows.row(0) == ("+5.00 ms", "", "a", "", "b")
    view.show_body(body(b"name=caf%C3%A9&x"), "application/x-www-form-urlencoded")
    assert [view.table.rows.row(row) for row in range(2)] == [("name", "café"), ("x", "")]
    view.show_body(Body(3, b"\x00\x01\x02"), "application/pdf")
    assert view.text.text().startswith("00000000  00 01 02")
    view.show_body(body(b'{"a": {"b": 1}, "c": "d"}'), "application/json")
    assert keys(view) == ["a", "c"]
    view.show_body(body(msgpack.packb({"k": [1]})), "application/msgpack")
    assert keys(view) == ["k"]
    view.show_body(body(b"<p>a<b>c</b></p>"), "text/html")
    assert view.text.text() == "<p>\n  a\n  <b>c</b>\n</p>"
    view.show_body(body(b"7"), "application/json")
    assert keys(view) == [""]


def test_what_is_not_what_it_says_is_shown_as_what_it_is(view: BodyView, qtbot: QtBot) -> None:
    view.show_body(Body(), "")
    assert (view.text.text(), view.views.isHidden()) == ("", True)
    view.show_body(Body(7, b'{"cut":'), "application/json")
    assert view.text.text() == '{"cut":'
    assert "not JSON" in view.note.text()
    view.show_body(Body(6, b"no png"), "image/png")
    qtbot.waitUntil(lambda: "cannot be drawn" in view.image.picture.text(), timeout=DEADLINE)
    with qtbot.waitSignal(view.shown, timeout=DEADLINE):
        view.show_body(Body(3, b"\x01no"), "text/plain", "gzip")
    assert "not valid" in view.note.text()
    assert view.text.text().startswith("00000000  01 6e 6f")


def test_a_coding_is_undone_and_the_body_as_sent_is_there_too(view: BodyView, qtbot: QtBot) -> None:
    packed = gzip.compress(b'{"a": 1}')
    with qtbot.waitSignal(view.shown, timeout=DEADLINE):
        view.show_body(body(packed), "application/json", "gzip")
    assert (keys(view), view.note.text()) == (["a"], "gzip undone.")
    with qtbot.waitSignal(view.shown, timeout=DEADLINE):
        choose(view, View.RAW)
    assert view.text.text().startswith("00000000  1f 8b")


def test_a_view_can_be_chosen_and_stays_for_its_kind(view: BodyView, qtbot: QtBot) -> None:
    view.show_body(Body(8, b'{"a": 1}'), "application/json")
    choose(view, View.LAID_OUT)
    assert view.text.text() == '{\n  "a": 1\n}'
    choose(view, View.HEX)
    assert view.text.text().startswith("00000000  7b 22")
    view.show_body(Body(2, b"hi"), "text/plain")
    assert view.text.text() == "hi"
    view.show_body(Body(2, b"{}"), "application/json")
    assert view.text.text().startswith("00000000  7b 7d")
    choose(view, None)
    assert view.rendered.view is View.JSON_TREE
    assert view.chosen == {}


def test_what_was_cut_is_said_where_it_is_missing(view: BodyView) -> None:
    view.show_body(Body(10_000, b"abc", b"xyz"), "text/plain")
    assert "first 3 and the last 3 of 10,000" in view.note.text()
    assert view.text.text().split("\n") == ["abc", "⋯ 9\u202f994 bytes were not kept here ⋯", "xyz"]
    choose(view, View.HEX)
    assert view.text.text().split("\n")[2].startswith("0000270d  78 79 7a")
    assert "10.0 kB" in view.title.text()


def test_the_parts_of_a_form_have_views_of_their_own(view: BodyView) -> None:
    content = (
        b'--XX\r\nContent-Disposition: form-data; name="a"\r\n\r\nhello\r\n'
        b'--XX\r\nContent-Disposition: form-data; name="f"; filename="x.json"\r\nContent-Type: application/json\r\n\r\n'
        b'{"k": 1}\r\n--XX--\r\n'
    )
    view.show_body(body(content), "multipart/form-data; boundary=XX")
    parts = view.parts
    assert parts is not None
    assert parts.list.rows.row(1) == ("f", "x.json", "application/json", "8 B")
    assert parts.body.text.text() == "hello"
    parts.list.step(1)
    assert keys(parts.body) == ["k"]


def test_a_tree_copies_values_and_paths_by_keyboard(view: BodyView, qtbot: QtBot) -> None:
    view.show_body(body(b'{"a b": [{"c": "x\\ny"}]}'), "application/json")
    view.tree.setCurrentIndex(view.tree.tree.trail(json_path(view, "c"))[-1])
    qtbot.keyClick(view.tree, Qt.Key.Key_C, CONTROL)
    assert QGuiApplication.clipboard().text() == "x\ny"
    qtbot.keyClick(view.tree, Qt.Key.Key_C, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert QGuiApplication.clipboard().text() == '$["a b"][0].c'
    view.tree.collapse_below(view.tree.tree.index(0, 0))
    view.tree.setCurrentIndex(view.tree.tree.index(0, 0))
    qtbot.keyClick(view.tree, Qt.Key.Key_Asterisk)
    assert view.tree.isExpanded(view.tree.tree.index(0, 0, view.tree.tree.index(0, 0)))


def json_path(view: BodyView, wanted: str) -> list:  # type: ignore[type-arg]
    found = view.rendered.tree.find(wanted, -1)  # type: ignore[union-attr]
    assert found is not None
    return found.trail


def test_searching_goes_from_place_to_place_and_round_the_end(view: BodyView, qtbot: QtBot) -> None:
    view.show_body(body(b"one\ntwo\nthree\nTWO\n"), "text/plain")
    view.text.setFocus()
    qtbot.keyClick(view.text, Qt.Key.Key_F, CONTROL)
    bar = view.find_bar
    assert bar.isVisible()
    bar.line.setText("two")
    qtbot.waitUntil(lambda: view.text.cursor_line == 1, timeout=DEADLINE)
    qtbot.keyClick(bar.line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: view.text.cursor_line == 3, timeout=DEADLINE)
    assert view.text.selected_text() == "TWO"
    qtbot.keyClick(bar.line, Qt.Key.Key_F3)
    qtbot.waitUntil(lambda: view.text.cursor_line == 1, timeout=DEADLINE)
    assert "beginning" in bar.said.text()
    bar.line.setText("nowhere")
    qtbot.waitUntil(lambda: bar.said.text() == "Not found", timeout=DEADLINE)
    qtbot.keyClick(bar.line, Qt.Key.Key_Escape)
    assert not bar.isVisible()


def test_searching_a_tree_opens_the_way_and_a_table_shows_what_matches(view: BodyView, qtbot: QtBot) -> None:
    view.show_body(body(json.dumps([{"n": {"deep": f"v{n}"}} for n in range(200)]).encode()), "application/json")
    view.open_find()
    view.find_bar.line.setText("V177")
    qtbot.waitUntil(lambda: view.tree.currentIndex().data() == "deep", timeout=DEADLINE)
    view.show_body(body(b"a=1&b=2&c=21"), "application/x-www-form-urlencoded")
    view.find_bar.line.setText("2")
    assert view.table.rows.rowCount() == 2
    view.find_bar.close_bar()
    assert view.table.rows.rowCount() == 3


def test_text_is_walked_selected_and_copied_by_keyboard(view: BodyView, qtbot: QtBot) -> None:
    view.show_body(body(b"alpha beta\n\tgamma\n" + b"x" * 300), "text/plain")
    text = view.text
    shift = Qt.KeyboardModifier.ShiftModifier
    for key, held in (
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_Down, shift), (Qt.Key.Key_End, shift),
    ):  # fmt: skip
        qtbot.keyClick(text, key, held)
    qtbot.keyClick(text, Qt.Key.Key_C, CONTROL)
    assert QGuiApplication.clipboard().text() == "lpha beta\n    gamma"
    for key in (Qt.Key.Key_J, Qt.Key.Key_K, Qt.Key.Key_Home, Qt.Key.Key_Left, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp):
        qtbot.keyClick(text, key)
    qtbot.keyClick(text, Qt.Key.Key_End, CONTROL)
    assert text.cursor_line == 2
    qtbot.keyClick(text, Qt.Key.Key_A, CONTROL)
    assert text.selected_text().endswith("x" * 300)
    qtbot.mouseDClick(text.viewport(), Qt.MouseButton.LeftButton, pos=text.viewport().rect().topLeft())
    text.grab()
    assert text.accessibleName() == "Body"


def test_the_models_are_sound(view: BodyView) -> None:
    model = TreeModel()
    model.show(json_tree(json.dumps({"a": [1, {"b": None}], "c": list(range(2500))}).encode()))
    # Made after: while a reset is being told the tester takes rows that it asks for itself for a fault.
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    inner = model.index(1, 0)
    model.fetchMore(inner)
    assert [model.index(row, 0, inner).data() for row in range(3)] == [
        "0 … 999",
        "1\u202f000 … 1\u202f999",
        "2\u202f000 … 2\u202f499",
    ]
    model.show(None)
    rows = RowsModel(lambda _row, _column: None)
    other = QAbstractItemModelTester(rows, QAbstractItemModelTester.FailureReportingMode.Fatal)
    rows.show(("A", "B"), [("1", "2")])
    rows.show(("A", "B"), [("1", "2"), ("3", "4")])
    assert (rows.narrow("3"), rows.row(0)) == (1, ("3", "4"))
    del tester, other


def test_choosing_another_body_gives_up_the_one_in_the_making(view: BodyView, qtbot: QtBot) -> None:
    big = json.dumps([{"id": n} for n in range(200_000)]).encode()
    view.show_body(body(big), "application/json")
    view.show_body(body(b"short"), "text/plain")
    assert view.text.text() == "short"
    qtbot.wait(50)
    assert view.rendered.kind is BodyKind.TEXT


class Pulse(QWidget):
    """How long the event loop was away at most, in seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.longest, self._last = 0.0, time.perf_counter()
        self._timer = QTimer(self, interval=2)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.perf_counter()
        self.longest = max(self.longest, now - self._last)
        self._last = now


def big_json() -> bytes:
    item = {"name": "x" * 60, "tags": ["a", "b"], "n": {"k": 1.5}, "note": "ü"}
    one = json.dumps(item, ensure_ascii=False).encode()
    return b'{"items": [' + b", ".join([one] * (50_000_000 // len(one))) + b"]}"


def usual_hold_up(qtbot: QtBot) -> float:
    """How long the loop is away on this machine, now, beside a thread that does nothing but count."""
    stop = threading.Event()

    def spin() -> None:
        while not stop.is_set():
            sum(range(1000))

    thread = threading.Thread(target=spin)
    pulse = Pulse()
    qtbot.addWidget(pulse)
    thread.start()
    qtbot.wait(600)
    stop.set()
    thread.join()
    return pulse.longest


@pytest.mark.alone
@pytest.mark.parametrize(
    ("content", "wanted"),
    [(big_json, None), (big_json, View.TEXT), (lambda: os.urandom(5_000_000) * 10, None)],
    ids=["tree", "text", "hex"],
)
def test_50_megabytes_do_not_hold_up_the_window(view: BodyView, qtbot: QtBot, content: object, wanted: View) -> None:
    made = content()  # type: ignore[operator]
    if wanted:
        view.chosen[BodyKind.JSON] = wanted
    held_up, bound = [], max(0.05, 2 * usual_hold_up(qtbot))
    for again in range(3):  # a busy machine holds everybody up: once undisturbed is what counts
        pulse = Pulse()
        qtbot.addWidget(pulse)
        with qtbot.waitSignal(view.shown, timeout=120_000):
            view.show_body(Body(len(made), made, sha256=str(again)), "application/json" if content is big_json else "")
        view.grab()
        qtbot.wait(20)
        held_up.append(pulse.longest)
        if pulse.longest < bound:
            break
        view.show_body(Body(), "")
    assert min(held_up) < bound, held_up
