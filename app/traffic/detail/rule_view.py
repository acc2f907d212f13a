"""A broken rule in full: what was seen, whose fault it is, what the specification asks for, and how to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app.theme import color
from app.theme.icons import pixmap
from app.theme.widgets import bold, label, look
from app.traffic import finding_words as words
from app.traffic import formats
from app.traffic.detail.parts import caption
from inspector.model import Finding, Severity

if TYPE_CHECKING:  # the window starts without the rules
    from inspector.contract import Rule

_PARTS = ("Seen", "Whose fault", "The specification asks", "To mend it", "Source")
_ICON = 18


class RuleView(QScrollArea):
    """One finding with its rule; its text can be selected."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("The broken rule")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._severity = ""
        self._text = ""
        self.sign = QLabel()
        self.headline = label(wrap=True, selectable=True)
        self.headline.setAccessibleName("What was done")
        bold(self.headline, 1.1)
        self.kind = label(selectable=True)
        self.kind.setAccessibleName("Severity")
        self.parts: dict[str, tuple[QLabel, QLabel]] = {}
        self._arrange()
        self.show_finding(None, None)

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(8)
        self.headline.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        head.addWidget(self.sign, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.headline, 1)
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(2)
        column.addLayout(head)
        column.addWidget(self.kind)
        for name in _PARTS:
            title, said = caption(name), label(wrap=True, selectable=True)
            said.setAccessibleName(name)
            title.setContentsMargins(0, 8, 0, 0)
            self.parts[name] = (title, said)
            column.addWidget(title)
            column.addWidget(said)
        column.addStretch(1)
        self.setWidget(body)

    def show_finding(self, finding: Finding | None, rule: Rule | None, *, detail: str | None = None) -> None:
        """Show a finding, or None; ``detail`` takes the place of its own, where it stands for several."""
        body = self.widget()
        assert body is not None, "nothing to write on"
        body.setVisible(finding is not None)
        self._severity = finding.severity if finding is not None else ""
        self._text = words.as_text(finding, rule) if finding is not None else ""
        if finding is None:
            return
        name, _, _ = words.gravity(finding.severity)
        self.headline.setText(words.headline(finding, rule))
        look(self.kind, "error" if finding.severity == Severity.VIOLATION else "muted")
        self.kind.setText(f"{name}: {words.MEANINGS.get(finding.severity, 'this Gatescope does not know it')}")
        said = (
            formats.fold(finding.detail if detail is None else detail),
            words.whose(finding),
            rule.asks if rule else "",
            rule.mend if rule else "",
            f"{finding.rule}, {rule.source}" if rule else finding.rule,
        )
        for part, text in zip(_PARTS, said, strict=True):
            title, shown = self.parts[part]
            shown.setText(text)
            title.setVisible(bool(text))
            shown.setVisible(bool(text))
        self._ink()

    def copy(self) -> bool:
        """All that is said of it, to the clipboard; whether there is anything."""
        if self._text:
            QGuiApplication.clipboard().setText(self._text)
        return bool(self._text)

    def _ink(self) -> None:
        _, icon, role = words.gravity(self._severity)
        self.sign.setPixmap(pixmap(icon, _ICON, color(role), self.devicePixelRatioF()))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Other colours."""
        super().changeEvent(event)
        recolored = event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange)
        if recolored and bool(getattr(self, "_severity", None)):
            self._ink()
