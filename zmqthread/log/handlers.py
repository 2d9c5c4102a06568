"""Publish log records: the topic is made of a root, the level, and what the message begins with."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from typing import Any, Final

from zmqthread.api.context import Context
from zmqthread.api.socket import Socket
from zmqthread.constants import SocketType

#: What separates a topic from the text of a message: ``log.info("disk::is full")``.
TOPIC_DELIM: Final = "::"

_PLACE: Final = "%(levelname)s %(filename)s:%(lineno)d - %(message)s\n"

__all__ = ["TOPIC_DELIM", "PUBHandler", "TopicLogger"]


class PUBHandler(logging.Handler):
    """Sends each record as two frames, ``ROOT.LEVEL.TOPIC`` and the text.

    Args:
        interface_or_socket: a PUB socket, or an endpoint to bind a new one to.
        context: the context of a new socket.
        root_topic: the first part of every topic.
    """

    ctx: Context
    socket: Socket
    formatters: dict[int, logging.Formatter | None]

    def __init__(
        self,
        interface_or_socket: str | Socket,
        context: Context | None = None,
        root_topic: str = "",
    ) -> None:
        super().__init__()
        self.root_topic = root_topic
        self.formatters = {
            level: logging.Formatter(_PLACE)
            for level in (logging.DEBUG, logging.WARNING, logging.CRITICAL)
        }
        self.formatters[logging.INFO] = logging.Formatter("%(message)s\n")
        self.formatters[logging.ERROR] = logging.Formatter(f"{_PLACE[:-1]} - %(exc_info)s\n")
        if isinstance(interface_or_socket, Socket):
            self.socket = interface_or_socket
            self.ctx = self.socket.context
        else:
            self.ctx = context or Context()
            self.socket = self.ctx.socket(SocketType.PUB)
            self.socket.bind(interface_or_socket)

    @property
    def root_topic(self) -> str:
        """The first part of every topic; "" leaves it out."""
        return self._root_topic

    @root_topic.setter
    def root_topic(self, value: str | bytes) -> None:
        self._root_topic = value.decode() if isinstance(value, bytes) else value

    def setRootTopic(self, root_topic: str) -> None:  # noqa: N802 - pyzmq's name
        """Set `root_topic`."""
        self.root_topic = root_topic

    def setFormatter(  # noqa: N802 - logging's name
        self, fmt: logging.Formatter | None, level: int = logging.NOTSET
    ) -> None:
        """Set the formatter of one level; of all levels without one."""
        for one in self.formatters if level == logging.NOTSET else (level,):
            self.formatters[one] = fmt

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record, by the formatter of its level."""
        formatter = self.formatters.get(record.levelno) or logging.Formatter("%(message)s")
        return formatter.format(record)

    def emit(self, record: logging.LogRecord) -> None:
        """Publish a record."""
        try:
            topic, delimiter, text = str(record.msg).partition(TOPIC_DELIM)
            if delimiter:
                record = copy.copy(record)
                record.msg = text
            else:
                topic = ""
            body = self.format(record).encode()
            parts = [part for part in (self.root_topic, record.levelname, topic) if part]
            self.socket.send_multipart([".".join(parts).encode("utf-8", "replace"), body])
        except Exception:  # a log must not end what it is about
            self.handleError(record)


class TopicLogger(logging.Logger):
    """A logger whose methods take a topic before the message."""

    def log(self, level: int, topic: str, msg: str, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """Log under a topic."""
        kwargs["stacklevel"] = kwargs.get("stacklevel", 1) + 1  # who calls this, not this
        super().log(level, f"{topic}{TOPIC_DELIM}{msg}", *args, **kwargs)


def _with_topic(method: Callable[..., None]) -> Callable[..., None]:
    def logged(self: TopicLogger, topic: str, msg: str, *args: Any, **kwargs: Any) -> None:
        kwargs["stacklevel"] = kwargs.get("stacklevel", 1) + 1
        method(self, f"{topic}{TOPIC_DELIM}{msg}", *args, **kwargs)

    logged.__doc__ = method.__doc__
    return logged


_METHODS: Final = ("debug", "info", "warn", "warning", "error", "exception", "critical", "fatal")
for _name in _METHODS:
    if hasattr(logging.Logger, _name):  # Python 3.13 has no ``warn``
        setattr(TopicLogger, _name, _with_topic(getattr(logging.Logger, _name)))
