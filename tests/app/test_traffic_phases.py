"""What the window calls the phases; how they are cut is tested in ``tests/inspector/export/test_phases.py``."""

from __future__ import annotations

from app.traffic.narrative import WHERE
from app.traffic.phases import MEANINGS, TITLES
from app.traffic.tones import PHASES


def test_every_phase_has_a_title_a_meaning_a_place_in_a_sentence_and_a_look() -> None:
    assert list(TITLES) == list(MEANINGS)
    assert set(TITLES) == set(WHERE) == set(PHASES)
    assert all(meaning[0].isupper() and meaning.endswith(".") for meaning in MEANINGS.values())


def test_no_two_phases_look_the_same() -> None:
    shown_apart = [name for name in PHASES if name not in ("server", "connected")]  # those stand for others
    assert len({PHASES[name] for name in shown_apart}) == len(shown_apart) == 7
