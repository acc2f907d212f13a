"""An image with its size and format, decoded in another thread, and not at all when it would unpack to too much."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageReader, QPixmap, QResizeEvent
from PySide6.QtWidgets import QLabel, QScrollArea, QVBoxLayout, QWidget

from app.background import Background
from app.cancel import Cancelled
from app.traffic.detail.parts import caption

_MOST_PIXELS = 50_000_000  #: a small file can unpack to a huge image: 200 MB at this


@dataclass(frozen=True, slots=True)
class _Picture:
    image: QImage
    format: str
    size: QSize
    problem: str = ""


class ImageView(QWidget):
    """The picture, made smaller where the view is, and a line about it."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._work = Background(self)
        self.image = QImage()
        self.said = caption()
        self.said.setContentsMargins(8, 0, 8, 4)
        self.picture = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.picture.setAccessibleName(name)
        self.picture.setWordWrap(True)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(self.picture)
        self._room = scroll
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.said)
        column.addWidget(scroll, 1)

    def show_image(self, content: bytes) -> None:
        """Decode and show it."""
        self.picture.clear()
        self.said.setText("Reading the image …")
        self._work.run(partial(_decoded, content), self._show)

    def _show(self, picture: _Picture) -> None:
        self.image = picture.image
        size = f"{picture.size.width()} by {picture.size.height()} pixels" if picture.size.isValid() else ""
        self.said.setText(" · ".join(part for part in (picture.format.upper(), size) if part))
        self.said.setVisible(bool(self.said.text()))
        self.picture.setAccessibleDescription(self.said.text())
        if picture.problem:
            self.picture.setText(f"{picture.problem} Choose Hex above to see its bytes.")
        else:
            self._fit()

    def _fit(self) -> None:
        if self.image.isNull():
            return
        room = self._room.viewport().size()
        pixmap = QPixmap.fromImage(self.image)
        if self.image.width() > room.width() or self.image.height() > room.height():
            smooth = Qt.TransformationMode.SmoothTransformation
            pixmap = pixmap.scaled(room, Qt.AspectRatioMode.KeepAspectRatio, smooth)
        self.picture.setPixmap(pixmap)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """As large as there is room, and no larger than it is."""
        super().resizeEvent(event)
        self._fit()


def _decoded(content: bytes, _cancelled: Cancelled) -> _Picture:
    holder = QByteArray(content)
    buffer = QBuffer(holder)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setAutoTransform(True)
    size, name = reader.size(), bytes(reader.format().data()).decode()
    if size.width() * size.height() > _MOST_PIXELS:
        return _Picture(QImage(), name, size, "The image is too large to be drawn.")
    image = reader.read()
    if image.isNull():
        return _Picture(image, name, size, f"This image cannot be drawn: {reader.errorString().rstrip('.')}.")
    return _Picture(image, name, image.size())
