"""The link to the supervisor: finding or starting it, typed commands out, typed replies and events in."""

from app.link.link import LinkState, SupervisorLink

__all__ = ["LinkState", "SupervisorLink"]
