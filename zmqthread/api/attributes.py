"""Options as attributes: ``socket.linger = 0``, ``context.MAX_SOCKETS``.

Each is a descriptor on the class.  With a ``__getattr__`` there CPython looks up every attribute
the slow way, methods too: a publisher sent 1.05 million messages a second, and sends 1.5 million.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar

from zmqthread.constants import EFAULT, EINVAL
from zmqthread.errors import ZMQError


def shown_class(cls: type) -> str:
    """Return what a class is called in texts for people: ours go by the name they are used by."""
    name: str = vars(cls).get("_repr_cls", f"{cls.__module__}.{cls.__qualname__}")
    return name


def _announced(cls: type, name: str) -> bool:
    """Return whether a class has an attribute that it only gives the type of."""
    return any(name in getattr(base, "__annotations__", ()) for base in cls.__mro__)


class _Option:
    """An option; the page on options has them all."""

    __slots__ = ("_name", "_number")

    def __init__(self, name: str, number: int) -> None:
        self._name = name
        self._number = number

    def __get__(self, owner: OptionAttributes | None, kind: type | None = None) -> Any:
        if owner is None:
            return self
        try:
            return owner._get_attribute(self._name, self._number)  # noqa: SLF001 - a part of it
        except ZMQError as error:
            if error.errno not in {EINVAL, EFAULT}:
                raise
            # What asks for attributes (mocks, `hasattr`) expects nothing else.
            raise AttributeError(f"{self._name} attribute is write-only") from None

    def __set__(self, owner: OptionAttributes, value: Any) -> None:
        owner._set_attribute(self._name, self._number, value)  # noqa: SLF001 - a part of it


class OptionAttributes:
    """Has its options as attributes: set in any case, read as LINGER, linger or Linger."""

    _option_enums: ClassVar[Sequence[type[IntEnum]]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own = vars(cls)
        for enum in own.get("_option_enums", ()):
            for name, member in enum.__members__.items():
                for spelling in (name, name.lower(), name.title()):
                    if not hasattr(cls, spelling):
                        setattr(cls, spelling, _Option(spelling, int(member)))
        for name in own.get("__annotations__", ()):
            if name not in own and isinstance(getattr(cls, name, None), _Option):
                setattr(cls, name, None)  # a derived class wants it for something else

    def _option_number(self, name: str) -> int | None:
        upper = name.upper()
        for enum in self._option_enums:
            if upper in enum.__members__:
                return int(enum[upper])
        return None

    def _kind(self) -> str:
        return type(self).__name__

    def __setattr__(self, name: str, value: Any) -> None:
        # The class first: asking for the instance's dictionary makes one, and look-ups slower.
        if hasattr(type(self), name) or _announced(type(self), name) or name in self.__dict__:
            object.__setattr__(self, name, value)
            return
        number = self._option_number(name)
        if number is None:
            raise AttributeError(f"{self._kind()} has no such option: {name.upper()}")
        self._set_attribute(name, number, value)

    if TYPE_CHECKING:  # options have no types of their own

        def __getattr__(self, name: str) -> Any: ...

    def _set_attribute(self, name: str, number: int, value: Any) -> None:
        raise NotImplementedError

    def _get_attribute(self, name: str, number: int) -> Any:
        raise NotImplementedError

    def __dir__(self) -> list[str]:
        cls = type(self)
        return sorted(
            name
            for name in object.__dir__(self)
            if not (name.istitle() and isinstance(getattr(cls, name, None), _Option))
        )
