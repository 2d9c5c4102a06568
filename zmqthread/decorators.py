"""Contexts and sockets for the length of a call: ``@zmq.decorators.socket(zmq.PUSH)``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

from zmqthread.api.context import Context
from zmqthread.api.socket import Socket

_Result = TypeVar("_Result")
_Make = Callable[[tuple[Any, ...], dict[str, Any]], AbstractContextManager[Any]]

__all__ = ["context", "socket"]


class _Decorate(Protocol):
    def __call__(self, function: Callable[..., _Result], /) -> Callable[..., _Result]: ...


def _name_first(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[str | None, tuple[Any, ...]]:
    """Return the name to pass the thing under, if there is one, and the other arguments."""
    if isinstance(kwargs.get("name"), str):
        return kwargs.pop("name"), args
    if args and isinstance(args[0], str):
        return args[0], args[1:]
    return None, args


def _passing(name: str | None, make: _Make) -> _Decorate:
    def decorate(function: Callable[..., _Result]) -> Callable[..., _Result]:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> _Result:
            with make(args, kwargs) as made:
                if name is None:
                    return function(*args, made, **kwargs)
                if name in kwargs:
                    raise TypeError(
                        f"{function.__name__}() got multiple values for argument {name!r}"
                    )
                return function(*args, **{name: made}, **kwargs)

        return wrapper

    return decorate


def context(*args: Any, **kwargs: Any) -> _Decorate:
    """Pass a new context to the function, and destroy it at the end.

    Args:
        args: first, optionally, the name of the keyword argument to pass it as (else it comes
            after the positional ones); the rest goes to `Context`.
        kwargs: ``name`` for the same; the rest goes to `Context`.
    """
    name, rest = _name_first(args, kwargs)
    return _passing(name, lambda _args, _kwargs: Context(*rest, **kwargs))


def socket(*args: Any, **kwargs: Any) -> _Decorate:
    """Pass a new socket to the function, and close it at the end.

    The context is the function's keyword argument ``context``, else its first argument that is
    one, else ``Context.instance()``.

    Args:
        args: first, optionally, the name of the keyword argument to pass it as (else it comes
            after the positional ones); the rest goes to `Context.socket`.
        kwargs: ``name`` for the same; ``context_name`` instead of "context"; the rest goes to
            `Context.socket`.
    """
    name, rest = _name_first(args, kwargs)
    context_name = kwargs.pop("context_name", "context")

    def make(given: tuple[Any, ...], named: dict[str, Any]) -> AbstractContextManager[Any]:
        found = named.get(context_name)
        if not isinstance(found, Context):
            found = next((one for one in given if isinstance(one, Context)), None)
        made: Socket = (found or Context.instance()).socket(*rest, **kwargs)
        return made

    return _passing(name, make)
