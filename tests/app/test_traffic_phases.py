"""What the window calls the phases; how they are cut is tested in ``tests/inspector/export/test_phases.py``."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from app.theme import Role, Scheme, Theme, color
from app.traffic.narrative import WHERE
from app.traffic.painting import paint_phase
from app.traffic.phases import MEANINGS, TITLES
from app.traffic.tones import PHASES


def test_every_phase_has_a_title_a_meaning_a_place_in_a_sentence_and_a_look() -> None:
    assert list(TITLES) == list(MEANINGS)
    assert set(TITLES) == set(WHERE) == set(PHASES)
    assert all(meaning[0].isupper() and meaning.endswith(".") for meaning in MEANINGS.values())


def test_no_two_phases_look_the_same() -> None:
    shown_apart = [name for name in PHASES if name not in ("server", "connected")]  # those stand for others
    assert len({PHASES[name] for name in shown_apart}) == len(shown_apart) == 7


def painted(name: str) -> bytes:
    """A stretch of a phase in shades of grey."""
    image = QImage(24, 8, QImage.Format.Format_Grayscale8)
    image.fill(color(Role.BASE))
    painter = QPainter(image)
    paint_phase(painter, QRectF(0, 0, 24, 8), name)
    painter.end()
    return bytes(image.constBits())


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK, Scheme.CONTRAST, Scheme.CONTRAST_LIGHT])
def test_phases_that_stand_side_by_side_are_told_apart_without_colours(qapp: QApplication, scheme: Scheme) -> None:
    theme = Theme(qapp, Scheme.LIGHT)
    theme.apply(scheme)
    try:
        stand = [painted(name) for name in ("wait", "queue", "app", "sending", "buffered", "held", "after")]
    finally:
        theme.apply(Scheme.LIGHT)
    for before, after in pairwise(stand):
        assert sum(abs(a - b) for a, b in zip(before, after, strict=True)) / len(before) > 8
