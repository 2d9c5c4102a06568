"""What a row of an option table is: its checks, and the set of values that a table describes."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import (
    Any,
    ClassVar,
    Final,
    Generic,
    NamedTuple,
    NoReturn,
    Self,
    TypeAlias,
    TypeVar,
    cast,
)

from .constants import EINVAL, ENOTSUP
from .errors import ZMQError, option_error, strerror, zmq_error

T = TypeVar("T")
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

_NO_NETWORK: Final = "must be an IP address, or a network like 192.0.2.0/24"
_Z85: Final = (
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
)

#: Parts of ZeroMQ that are built in and usable; an option of any other cannot be set.
enabled_features: Final[set[str]] = set()


class Check(NamedTuple):
    """A test of a value, and what to say when it fails."""

    passes: Callable[[Any], bool]
    why: str


def at_least(least: int) -> Check:
    """Accept numbers from ``least`` on."""
    return Check(lambda value: bool(value >= least), f"must be >= {least}")


def between(least: int, most: int) -> Check:
    """Accept numbers from ``least`` to ``most``."""
    return Check(lambda value: bool(least <= value <= most), f"must be {least} to {most}")


def length(least: int, most: int) -> Check:
    """Accept octet strings by their length."""
    return Check(
        lambda value: bool(least <= len(value) <= most), f"must be {least} to {most} octets long"
    )


ANY: Final = Check(lambda _: True, "")
INT: Final = between(-(1 << 31), (1 << 31) - 1)
INT64: Final = between(-(1 << 63), (1 << 63) - 1)
UINT64: Final = between(-(1 << 63), (1 << 64) - 1)


@dataclass(frozen=True)
class Row(Generic[T]):
    """One option.

    Number, name and further names come from the enum that has the row's name in it.
    """

    default: T
    kind: type | tuple[type, ...]  # of the values that `set` takes
    check: Check = ANY
    limits: Check = ANY  # what the C type can hold
    readable: bool = True
    writable: bool = True
    live: bool = False  # a change is for pipes that are there already, too
    dynamic: bool = False  # kept, computed or acted upon by the socket: no value here
    secret: bool = False  # never shown
    clears: bool = False  # None (NULL in C) puts the default back
    types: Container[int] | None = None  # the socket types it is for; None: all
    feature: str | None = None  # what has to be enabled for setting it
    store: Callable[[Any, Any], Any] | None = None  # (old, given) -> new, or ValueError
    show: Callable[[Any], Any] | None = None  # stored -> what `get` returns
    then: Callable[[Any, Any], None] | None = None  # (options, new): changes others, or ValueError
    attribute: str = ""
    number: int = 0
    name: str = ""
    aliases: tuple[str, ...] = field(default=())


def integer(default: int = 0, check: Check = ANY, *, limits: Check = INT, **more: Any) -> int:
    """Make the row of a number. Like the others below: a table reads its values by its name."""
    return cast("int", Row(default, int, check, limits, **more))


def boolean(default: int = 0, check: Check | None = None, **more: Any) -> int:
    """Make the row of a switch, 0 or 1; with a check of its own other numbers count as 1."""
    store = None if check is None else (lambda _, value: int(value != 0))
    return cast("int", Row(default, int, check or between(0, 1), INT, store=store, **more))


def octets(default: bytes = b"", check: Check = ANY, **more: Any) -> bytes:
    """Make the row of an octet string."""
    return cast("bytes", Row(default, bytes, check, **more))


def custom(default: T, kind: type | tuple[type, ...], check: Check = ANY, **more: Any) -> T:
    """Make the row of an option that is kept as something else than what is passed."""
    limits = INT if kind is int else ANY
    return cast("T", Row(default, kind, check, limits, **more))


def deciseconds(_: int, milliseconds: int) -> int:
    """Keep whole tenths of a second, as the PING command has them."""
    # C division rounds towards 0, so that everything between -99 and 99 is 0.
    tenths = int(milliseconds / 100)
    if not 0 <= tenths <= 0xFFFF:
        raise ValueError("must be 0 to 6553599")
    return tenths * 100


def add_network(networks: tuple[Network, ...], text: bytes) -> tuple[Network, ...]:
    """Add an address or a network to those there are; nothing clears them."""
    if not text:
        return ()
    found = re.fullmatch(rb"\[?([0-9A-Fa-f:.]+)\]?(/[0-9]{1,3})?", text)
    if found is None:
        raise ValueError(_NO_NETWORK)
    address, mask = (part or b"" for part in found.groups())
    try:
        network = ipaddress.ip_network((address + mask).decode(), strict=False)
    except ValueError:
        raise ValueError(_NO_NETWORK) from None
    return *networks, network


def add_number(numbers: frozenset[int], number: int) -> frozenset[int]:
    """Add a number to those there are."""
    return numbers | {number}


def add_property(properties: dict[str, bytes], text: bytes) -> dict[str, bytes]:
    """Add a property, given as ``X-name:value``, to those there are."""
    name, colon, value = text.partition(b":")
    if not (colon and value and name.startswith(b"X-") and len(name) <= 255 and name.isascii()):
        raise ValueError("must be X-name:value, the name at most 255 ASCII characters")
    return {name.decode(): value} | properties  # the first value of a name stays


def decode_key(_: bytes, key: bytes) -> bytes:
    """Return the 32 octets of a key, which may be given in Z85 (RFC 32), with or without a NUL."""
    if len(key) == 32:
        return key
    binary = bytearray()
    for start in range(0, 40, 5):
        number = 0
        for character in key[start : start + 5]:
            digit = _Z85.find(character)
            number = number * 85 + digit if digit >= 0 else 1 << 32
        if number >> 32:
            raise ValueError("must be valid Z85")
        binary += number.to_bytes(4, "big")
    return bytes(binary)


def name_text(_: str, prefix: int | str | bytes) -> str:
    """Keep the start of the threads' names, which C programs may give as a number."""
    text = prefix.decode() if isinstance(prefix, bytes) else str(prefix)
    if not 1 <= len(text.encode()) <= 16:
        raise ValueError("must be 1 to 16 octets long")
    return text


def leading_number(text: str) -> int:
    """Return the number that a text begins with, 0 if it begins with none: C's atoi."""
    found = re.match(r"\s*[+-]?[0-9]+", text)
    return int(found[0]) if found else 0


class _Table(type):
    """Takes the rows out of a class body: they become its table, and the defaults attributes."""

    def __new__(
        cls,
        name: str,
        bases: tuple[type, ...],
        body: dict[str, Any],
        enums: tuple[type[IntEnum], ...] = (),
    ) -> _Table:
        found = {key: value for key, value in body.items() if isinstance(value, Row)}
        for attribute in found:
            del body[attribute]
        rows = [_named(row, attribute, enums) for attribute, row in found.items()]
        own = {row.name for row in rows}
        rows = [replace(row, aliases=tuple(set(row.aliases) - own)) for row in rows]
        body["ROWS"] = tuple(rows)
        body["_secrets"] = frozenset(row.attribute for row in rows if row.secret)
        body["_readers"] = {row.number: row for row in rows if row.readable}
        body["_writers"] = {row.number: row for row in rows if row.writable}
        # Defaults stay with the class: a thousand new sockets do not set 119 attributes each.
        body.update({row.attribute: row.default for row in rows if not row.dynamic})
        return super().__new__(cls, name, bases, body)


def _named(row: Row[Any], attribute: str, enums: tuple[type[IntEnum], ...]) -> Row[Any]:
    name = attribute.upper()
    enum = next(enum for enum in enums if name in enum.__members__)
    member = enum.__members__[name]
    others = (n for n, m in enum.__members__.items() if m is member and n != name)
    return replace(row, attribute=attribute, number=int(member), name=name, aliases=tuple(others))


class OptionSet(metaclass=_Table):
    """The values of all options of one table, each an attribute with the option's name."""

    ROWS: ClassVar[tuple[Row[Any], ...]]
    _secrets: ClassVar[frozenset[str]]
    _readers: ClassVar[Mapping[int, Row[Any]]]
    _writers: ClassVar[Mapping[int, Row[Any]]]

    def __reduce__(self) -> NoReturn:
        raise TypeError("options may hold keys and are not for pickling")

    def copy(self) -> Self:
        """Return a set that changes independently: values are never changed in place."""
        return self.made_of(self.__dict__)

    @classmethod
    def made_of(cls, changed: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Self:
        """Return a set in which that is not as in a new one; see `changed`."""
        made = cls.__new__(cls)
        made.__dict__.update(changed)
        return made

    def lacks(self, names: frozenset[str]) -> bool:
        """Return whether all of these are as in a new set."""
        return names.isdisjoint(self.__dict__)

    def changed(self) -> tuple[tuple[str, Any], ...] | None:
        """Return what is not as in a new set; None if there is something secret among it."""
        own = self.__dict__
        return tuple(own.items()) if self._secrets.isdisjoint(own) else None

    def objection(self, row: Row[Any]) -> str | None:
        """Say why an option is not one of this object's, or None if it is."""
        return None

    def get(self, number: int) -> Any:
        """Return the value of an option as ``get`` of a socket or context does.

        Raises:
            ZMQError: EINVAL: there is no such option, it cannot be read, or is not for this type.
            LookupError: the row is dynamic: the socket has to answer.
        """
        row = self._find(self._readers, number, "read")
        if row.dynamic:
            raise LookupError(f"option {row.name} is answered by the socket")
        value = getattr(self, row.attribute)
        return value if row.show is None else row.show(value)

    def set(self, number: int, value: Any) -> Row[Any]:
        """Check a value and keep it; one of a dynamic row is only checked.

        Returns:
            The row, which tells whether more is to be done (``live``, ``dynamic``).

        Raises:
            ZMQError: EINVAL: there is no such option, it cannot be set, is not for this type, or
                does not take the value. ENOTSUP: what it belongs to is not there.
            TypeError: the value has the wrong type.
        """
        row = self._find(self._writers, number, "set")
        if row.feature is not None and row.feature not in enabled_features:
            why = f"zmqthread has no {row.feature} support here"
            raise option_error(row.name, self._shown(row, value), why, ENOTSUP)
        try:
            new = row.default if value is None and row.clears else self._checked(row, value)
            if row.then is not None:
                row.then(self, new)
        except ValueError as error:
            raise option_error(row.name, self._shown(row, value), str(error)) from None
        if not row.dynamic:
            setattr(self, row.attribute, new)
        return row

    def row(self, number: int) -> Row[Any]:
        """Return the row of an option; of two with one number the one that can be set.

        Raises:
            ZMQError: EINVAL: there is no such option.
            TypeError: ``number`` is none.
        """
        if not isinstance(number, int):
            raise TypeError(f"the number of an option is an int, not {number!r}")
        row = self._writers.get(number) or self._readers.get(number)
        if row is None:
            raise _unusable(number, "there is none with this number")
        return row

    def _find(self, table: Mapping[int, Row[Any]], number: int, verb: str) -> Row[Any]:
        row = table.get(number)
        if row is None:
            raise _unusable(self.row(number).name, f"cannot be {verb}")
        objection = self.objection(row)
        if objection is not None:
            raise _unusable(row.name, objection)
        return row

    def _checked(self, row: Row[Any], value: Any) -> Any:
        if not isinstance(value, row.kind):
            kinds = row.kind if isinstance(row.kind, tuple) else (row.kind,)
            expected = " or ".join(kind.__name__ for kind in kinds)
            got = type(value).__name__ if row.secret else repr(value)
            raise TypeError(f"option {row.name}: expected {expected}, got: {got}")
        if row.kind is int:
            value = int(cast("int", value))  # neither True nor a member of an enum comes back
        for check in (row.limits, row.check):
            if not check.passes(value):
                raise ValueError(check.why)
        if row.store is None:
            return value
        return row.store(None if row.dynamic else getattr(self, row.attribute), value)

    @staticmethod
    def _shown(row: Row[Any], value: Any) -> Any:
        return "(secret)" if row.secret else value


def _unusable(name: str | int, why: str) -> ZMQError:
    return zmq_error(EINVAL, f"{strerror(EINVAL)} (option {name}: {why})")
