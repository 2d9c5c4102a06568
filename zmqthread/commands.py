"""The typed events of subscribers, which travel through pipes beside messages."""

from __future__ import annotations

__all__ = ["Cancel", "Join", "Leave", "Subscribe"]


class _Event:
    """What a subscriber tells its publisher; the one argument is in the field its class names."""

    __slots__ = ()
    __match_args__: tuple[str, ...] = ()

    def _key(self) -> bytes:
        octets: bytes = getattr(self, type(self).__match_args__[0])
        return octets

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash((type(self), self._key()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._key()!r})"


class _AboutTopic(_Event):
    __slots__ = ("topic",)
    __match_args__ = ("topic",)

    def __init__(self, topic: bytes) -> None:
        self.topic = topic


class _AboutGroup(_Event):
    __slots__ = ("group",)
    __match_args__ = ("group",)

    def __init__(self, group: bytes) -> None:
        self.group = group


class Subscribe(_AboutTopic):
    """A peer wants the messages that begin with ``topic``."""

    __slots__ = ()


class Cancel(_AboutTopic):
    """A peer takes one subscription to ``topic`` back."""

    __slots__ = ()


class Join(_AboutGroup):
    """A peer wants the messages of ``group``."""

    __slots__ = ()


class Leave(_AboutGroup):
    """A peer leaves ``group``."""

    __slots__ = ()
