"""Contexts and sockets for the length of a call: ``@zmq.decorators.socket(zmq.PUSH)``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from zmqthread.api.context import Context

_Function = TypeVar("_Function", bound=Callable[..., Any])
_Make = Callable[[tuple[Any, ...], dict[str, Any]], AbstractContextManager[Any]]

__all__ = ["context", "socket"]


def _name_first(
    args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[str | None, tuple[Any, ...]]:
    """Return the name to pass the thing under, if there is one, and the other arguments."""
    if isinstance(kwargs.get("name"), str):
        return kwargs.pop("name"), args
    if args and isinstance(args[0], str):
        return args[0], args[1:]
    return None, args


def _passing(name: str | None, make: _Make) -> Callable[[_Function], _Function]:
    def decorate(function: _Function) -> _Function:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with make(args, kwargs) as made:
                if name is None:
                    return function(*args, made, **kwargs)
                if name in kwargs:
                    raise TypeError(
                        f"{function.__name__}() got multiple values for argument {name!r}"
                    )
                return function(*args, **{name: made}, **kwargs)

        return wrapper  # type: ignore[return-value]

    return decorate


def context(*args: Any, **kwargs: Any) -> Callable[[_Function], _Function]:
    """Pass a new context to the function, and destroy it at the end.

    Args:
        args: first, optionally, the name of the keyword argument to pass it as (else it comes
            after the positional ones); the rest goes to `Context`.
        kwargs: ``name`` for the same; the rest goes to `Context`.
    """
    name, rest = _name_first(args, kwargs)
    return _passing(name, lambda _args, _kwargs: Context(*rest, **kwargs))


def socket(*args: Any, **kwargs: Any) -> Callable[[_Function], _Function]:
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
        return (found or Context.instance()).socket(*rest, **kwargs)

    return _passing(name, make)
