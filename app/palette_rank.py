"""How well what was typed into the palette fits an action: by words, their beginnings, and initials.

Pure. Letters that are merely somewhere in a title do not count: Enter does what stands first, so what stands there must
be what was meant.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORD = re.compile(r"\w+")
#: Ranks: the words that were typed are words of the title or begin them; are within them; are its initials.
INSIDE, INITIALS = 1_000, 2_000
#: What a word costs that is only the beginning of one, or one of the group's, not of the title's.
_BEGINNING, _OF_GROUP = 20, 100


def rank(query: str, title: str, group: str = "") -> int | None:
    """How well ``query`` fits the ``title`` of an action in ``group``: the smaller, the better. None: not.

    Below ``INSIDE`` each word that was typed is a word of the action's or begins one; from ``INITIALS`` on the letters
    are the beginnings of the title's words, in order, as ``rtc`` is of "Reload the code".
    """
    typed, words = _words(query), _words(title)
    if not typed:
        return None if query.strip() else 0
    begun = [_begun(word, words, _words(group)) for word in typed]
    if all(cost is not None for cost in begun):
        return sum(cost for cost in begun if cost is not None) + _out_of_order(typed, words)
    inside = " ".join(words).find(" ".join(typed))
    if inside >= 0:
        return INSIDE + inside
    return INITIALS + len(words) if _are_initials("".join(typed), words) else None


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _begun(typed: str, words: Sequence[str], group: Sequence[str]) -> int | None:
    """What it costs that ``typed`` is, or begins, one of the words; None: none of them."""
    costs = [at + (0 if word == typed else _BEGINNING) for at, word in enumerate(words) if word.startswith(typed)]
    costs += [_OF_GROUP for word in group if word.startswith(typed)]
    return min(costs, default=None)


def _out_of_order(typed: Sequence[str], words: Sequence[str]) -> int:
    """A little for words that the title has in another order."""
    at = 0
    for word in typed:
        found = next((n for n in range(at, len(words)) if words[n].startswith(word)), None)
        if found is None:
            return 1
        at = found + 1
    return 0


def _are_initials(letters: str, words: Sequence[str]) -> bool:
    """Whether ``letters`` are beginnings of ``words`` put together: in order, some words left out."""
    if not letters:
        return True
    for at, word in enumerate(words):
        for length in range(_common(letters, word), 0, -1):
            if _are_initials(letters[length:], words[at + 1 :]):
                return True
    return False


def _common(one: str, other: str) -> int:
    """How many letters they have in common at their beginnings."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(one), len(other)))
