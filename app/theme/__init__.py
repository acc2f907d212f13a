"""Colours by role, icons, fonts: what every page shares so that the window looks like one thing."""

from app.theme.current import color, colors, dress, is_dark, mono_font, px
from app.theme.icons import icon, pixmap, set_icon
from app.theme.roles import Role, status_role
from app.theme.theme import Scheme, Theme
from app.theme.tips import tip

__all__ = [
    "Role", "Scheme", "Theme", "color", "colors", "dress", "icon", "is_dark", "mono_font", "pixmap", "px", "set_icon",
    "status_role", "tip",
]  # fmt: skip
