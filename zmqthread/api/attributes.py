"""Options as attributes: ``socket.linger = 0``, ``context.MAX_SOCKETS`` (in any case)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, ClassVar

from zmqthread.constants import EFAULT, EINVAL
from zmqthread.errors import ZMQError


def shown_class(cls: type) -> str:
    """Return what a class is called in texts for people: ours go by the name they are used by."""
    name: str = vars(cls).get("_repr_cls", f"{cls.__module__}.{cls.__qualname__}")
    return name


def _announced(cls: type, name: str) -> bool:
    """Return whether a class has an attribute that it only gives the type of."""
    return any(name in getattr(base, "__annotations__", ()) for base in cls.__mro__)


class OptionAttributes:
    """Attributes that are not found on the class are options, by name and in any case."""

    _option_enums: ClassVar[Sequence[type[IntEnum]]] = ()

    def _option_number(self, name: str) -> int | None:
        upper = name.upper()
        for enum in self._option_enums:
            if upper in enum.__members__:
                return int(enum[upper])
        return None

    def _kind(self) -> str:
        return type(self).__name__

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__ or hasattr(type(self), name) or _announced(type(self), name):
            object.__setattr__(self, name, value)
            return
        number = self._option_number(name)
        if number is None:
            raise AttributeError(f"{self._kind()} has no such option: {name.upper()}")
        self._set_attribute(name, number, value)

    def __getattr__(self, name: str) -> Any:
        number = None if name.startswith("__") else self._option_number(name)
        if number is None:
            raise AttributeError(f"{self._kind()} has no such option: {name.upper()}")
        try:
            return self._get_attribute(name, number)
        except ZMQError as error:
            if error.errno not in {EINVAL, EFAULT}:
                raise
            # What asks for attributes (mocks, `hasattr`) expects nothing else.
            raise AttributeError(f"{name} attribute is write-only") from None

    def _set_attribute(self, name: str, number: int, value: Any) -> None:
        raise NotImplementedError

    def _get_attribute(self, name: str, number: int) -> Any:
        raise NotImplementedError

    def __dir__(self) -> list[str]:
        names = {name for enum in self._option_enums for name in enum.__members__}
        return sorted({*object.__dir__(self), *names, *(name.lower() for name in names)})
