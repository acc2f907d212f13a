"""An environ or a scope as a tree of rows: key, type, value, and the value decoded where it is encoded.

Pure. Reads the tagged JSON the probe recorded (``inspector.tagged``) and never evaluates anything of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

from app.traffic import formats
from app.traffic.secrecy import dots
from inspector import tagged
from inspector.secrets import carries_url, is_secret, is_secret_parameter, mask_url

_QUERIES = (("QUERY_STRING",), ("query_string",))


@dataclass(slots=True)
class Node:
    """One key of the tree. ``path`` is the names from the top; ``decoded`` is empty when ``value`` says it all."""

    path: tuple[str, ...]
    type: str
    value: str
    decoded: str = ""
    hidden: tuple[str, str] = ("", "")  #: value and decoded without the secrets in a query, where there are some
    children: list[Node] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The last name of the path."""
        return self.path[-1] if self.path else ""


def tree(context: str) -> list[Node]:
    """The rows of a recorded environ or scope, in the order the server put them; none for text that is not one."""
    if not context:
        return []
    try:
        value = tagged.loads(context)
    except (ValueError, TypeError):
        return []
    return _members(value, ()) if isinstance(value, dict) else []


def _members(value: dict[Any, Any], path: tuple[str, ...]) -> list[Node]:
    return [_node(item, (*path, key if isinstance(key, str) else repr(key))) for key, item in value.items()]


def _node(value: Any, path: tuple[str, ...]) -> Node:
    if isinstance(value, tagged.Opaque):
        return Node(path, value.type, value.text)
    name = type(value).__name__
    if isinstance(value, dict):
        return Node(path, name, _counted(len(value), "key"), children=_members(value, path))
    if isinstance(value, list | tuple):
        return _sequence(value, path)
    hidden = _hidden(path, value)
    return Node(path, name, repr(value), decoded(path[-1], value), hidden, _parameters(path, value))


def _hidden(path: tuple[str, ...], value: Any) -> tuple[str, str]:
    """A query, or a URL with one, as it is shown while secrets are not."""
    if not isinstance(value, str | bytes):
        return "", ""
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    open_text = without_secrets(path, text)
    if open_text == text:
        return "", ""
    kept = open_text.encode("latin-1") if isinstance(value, bytes) else open_text
    return repr(kept), decoded(path[-1], kept)


def without_secrets(path: tuple[str, ...], text: str) -> str:
    """A query, or a URL, with the values of secret parameters masked; what else is at ``path`` as it is."""
    if path in _QUERIES:
        return mask_url(f"?{text}")[1:]
    name = path[-1].removeprefix("HTTP_") if path and (len(path) == 1 or path[0] == "headers") else ""
    return mask_url(text) if carries_url(name) or name in ("REQUEST_URI", "RAW_URI") else text


def _parameters(path: tuple[str, ...], value: Any) -> list[Node]:
    """The parameters in a query, in order, repeated ones too."""
    if path not in _QUERIES or not isinstance(value, str | bytes):
        return []
    text = value.decode("latin-1") if isinstance(value, bytes) else value
    try:
        found = parse_qsl(text, keep_blank_values=True, errors="backslashreplace")
    except ValueError:  # more than anybody reads
        return []
    return [Node((*path, name), "parameter", repr(each)) for name, each in found]


def secret(path: tuple[str, ...]) -> bool:
    """Whether the value at ``path`` is masked until it is asked for: credentials, cookies, tokens."""
    if path[:1] in _QUERIES and len(path) > 1:
        return is_secret_parameter(path[1])
    name = path[-1].removeprefix("HTTP_") if path else ""
    return is_secret(name) and (len(path) > 1 or path[0].startswith("HTTP_"))


def masked(node: Node) -> str:
    """What stands for a secret value."""
    return dots(len(node.decoded or node.value))


def shown(node: Node, *, secrets: bool) -> tuple[str, str]:
    """Value and decoded value; ``secrets``: as they are, whatever they are."""
    if secrets:
        return node.value, node.decoded
    return (masked(node), "") if secret(node.path) else node.hidden if node.hidden[0] else (node.value, node.decoded)


def _sequence(value: list[Any] | tuple[Any, ...], path: tuple[str, ...]) -> Node:
    name = type(value).__name__
    if _is_pair_list(value):
        children = [_pair(item, path) for item in value]
        return Node(path, name, _counted(len(value), "field"), children=children)
    if len(value) <= 4 and all(isinstance(item, str | int | bytes | None) for item in value):
        return Node(path, name, repr(value), _address(value))
    children = [_node(item, (*path, str(index))) for index, item in enumerate(value)]
    return Node(path, name, _counted(len(value), "item"), children=children)


def _is_pair_list(value: list[Any] | tuple[Any, ...]) -> bool:
    """Whether these are header fields: pairs of bytes."""
    return bool(value) and all(
        isinstance(item, list | tuple) and len(item) == 2 and all(isinstance(part, bytes) for part in item)
        for item in value
    )


def _pair(item: Any, path: tuple[str, ...]) -> Node:
    name, content = item
    key, text = name.decode("latin-1"), content.decode("latin-1")
    place, kept = (*path, key), without_secrets((*path, key), text)
    hidden = (repr((name, kept.encode("latin-1"))), kept) if kept != text else ("", "")
    return Node(place, type(item).__name__, repr(tuple(item)), text, hidden)


def _address(value: list[Any] | tuple[Any, ...]) -> str:
    if len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], int) and not isinstance(value[1], bool):
        host = f"[{value[0]}]" if ":" in value[0] else value[0]
        return f"{host}:{value[1]}"
    return ""


def decoded(key: str, value: object) -> str:
    """What an encoded value means: bytes as text, a latin-1 path as UTF-8, escapes undone; empty if nothing changes."""
    if isinstance(value, bytes):
        text = value.decode("utf-8", "backslashreplace")
        return unquote(text) if key in ("raw_path", "query_string") else text
    if not isinstance(value, str):
        return ""
    if key in ("PATH_INFO", "SCRIPT_NAME"):
        return _changed(value, _bytes_as_latin1(value))
    if key in ("QUERY_STRING", "REQUEST_URI", "RAW_URI"):
        return _changed(value, unquote(value))
    return ""


def _bytes_as_latin1(value: str) -> str:
    """A "bytes-as-unicode" string (PEP 3333, Unicode Issues) as the UTF-8 it usually is."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def _changed(before: str, after: str) -> str:
    return after if after != before else ""


def _counted(number: int, noun: str) -> str:
    return f"{formats.count(number)} {noun}{'' if number == 1 else 's'}"


def as_text(nodes: list[Node], indent: int = 0, *, secrets: bool = True) -> str:
    """The tree as text, for the clipboard. ``secrets`` false: masked where they are."""
    lines: list[str] = []
    for node in nodes:
        value, meaning = shown(node, secrets=secrets)
        lines.append(f"{'  ' * indent}{node.key}: {meaning or value}")
        if node.children:
            lines.append(as_text(node.children, indent + 1, secrets=secrets))
    return "\n".join(lines)
