"""The phone page: a row of phones in a browser, live over a websocket."""

from .live import Page

__all__ = ["Page"]
