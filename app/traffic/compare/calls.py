"""What the application was called with on each side, line beside line: the environ's keys next to the scope's.

Pure. What both have comes first, in one order, by what it means; then what only this side has.
"""

from __future__ import annotations

from app.traffic import context
from app.traffic.contrast import Path, by_meaning
from app.traffic.secrecy import dots

_HEADERS = "headers"


def spelt(interface: str, recorded: str, other_interface: str, other: str) -> str:
    """The environ or scope ``recorded`` as text whose first lines mean the same as those of the ``other``.

    ``≠`` stands before what is not the same. Two of one interface are shown as they are. Secrets are masked.
    """
    nodes = context.tree(recorded)
    if (interface == "WSGI") == (other_interface == "WSGI"):
        return context.as_text(nodes, secrets=False)
    here, there = by_meaning(interface, recorded), by_meaning(other_interface, other)
    shared = sorted(here.keys() & there.keys(), key=lambda meaning: (meaning[0] == _HEADERS, meaning))
    taken = {here[meaning][0] for meaning in shared}
    lines = []
    for meaning in shared:
        place, value = here[meaning]
        name = ".".join(place if interface == "WSGI" else meaning)
        lines.append(f"{'  ' if value == there[meaning][1] else '≠ '}{name}: {_shown(place, value)}")
    rest = [node for node in nodes if not _is_taken(node, taken)]
    return "\n".join([*lines, "", "Only here:", context.as_text(rest, 1, secrets=False)])


def _shown(place: Path, value: str) -> str:
    """A value, which is in quotes, or what stands for a secret."""
    if context.secret(place):
        return dots(len(value) - 2)
    return f"{value[:1]}{context.without_secrets(place, value[1:-1])}{value[-1:]}"


def _is_taken(node: context.Node, taken: set[Path]) -> bool:
    """Whether all that a node holds stands above already."""
    return node.path in taken or (bool(node.children) and all(child.path in taken for child in node.children))
