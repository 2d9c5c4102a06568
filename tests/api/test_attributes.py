"""Options as attributes of sockets and contexts."""

from __future__ import annotations

from enum import IntEnum

import pytest

import zmqthread as zmq


class Labelled(zmq.Socket):
    """Wants a name for itself that is an option's."""

    fd: str


def options(*enums: type[IntEnum]) -> set[str]:
    return {name for enum in enums for name in enum.__members__}


@pytest.mark.parametrize("name", ["linger", "LINGER", "Linger"])
def test_an_option_is_read_and_set_by_each_of_its_spellings(name: str) -> None:
    with zmq.Context() as context, context.socket(zmq.PUSH) as push:
        setattr(push, name, 7)
        assert getattr(push, name) == push.get(zmq.LINGER) == 7


def test_an_option_is_set_in_any_case() -> None:
    with zmq.Context() as context, context.socket(zmq.PUSH) as push:
        push.SndHwm = 7
        context.Max_sockets = 70
        assert push.sndhwm == 7
        assert context.max_sockets == 70


@pytest.mark.parametrize("cls", [zmq.Socket, zmq.Context])
def test_no_look_up_of_an_attribute_goes_the_slow_way(cls: type) -> None:
    """CPython specializes none on a class with one of these, and methods are attributes too."""
    assert not {"__getattr__", "__getattribute__"} & {
        name for base in cls.__mro__[:-1] for name in vars(base)
    }


def test_all_options_are_among_the_attributes() -> None:
    with zmq.Context() as context, context.socket(zmq.PUSH) as push:
        names = options(zmq.constants.SocketOption)
        assert names | {name.lower() for name in names} <= set(dir(push))
        names |= options(zmq.constants.ContextOption)
        assert names | {name.lower() for name in names} <= set(dir(context))
        assert not {"Linger", "Max_Sockets"} & {*dir(push), *dir(context)}


def test_what_is_no_option_is_an_attribute_error() -> None:
    with zmq.Context() as context, context.socket(zmq.PUSH) as push:
        for owner in (context, push):
            with pytest.raises(AttributeError, match="colour"):
                owner.colour  # noqa: B018
            with pytest.raises(AttributeError, match="no such option: COLOUR"):
                owner.colour = "red"


def test_what_can_only_be_set_is_no_attribute_to_read() -> None:
    with zmq.Context() as context, context.socket(zmq.SUB) as sub:
        assert not hasattr(sub, "SUBSCRIBE")
        assert not hasattr(sub, "xpub_manual")
        sub.SUBSCRIBE = "topic"
        assert sub.topics_count == 1


def test_the_context_has_what_was_set_for_its_sockets() -> None:
    with zmq.Context() as context:
        assert not hasattr(context, "sndhwm")
        context.SNDHWM = 5
        assert context.sndhwm == context.Sndhwm == 5
        with context.socket(zmq.PUSH) as push:
            assert push.sndhwm == 5
        del context.sndhwm
        assert not hasattr(context, "sndhwm")


def test_a_derived_class_may_announce_an_attribute_by_the_name_of_an_option() -> None:
    with zmq.Context() as context, Labelled(context, zmq.PUSH) as push:
        push.fd = "front door"
        assert push.fd == "front door"
        assert push.get(zmq.FD) == push.FD


def test_a_derived_class_may_have_an_attribute_of_the_name_of_an_option() -> None:
    class Fixed(zmq.Socket):
        linger = 5

    with zmq.Context() as context, Fixed(context, zmq.PUSH) as push:
        assert push.linger == 5
        push.linger = 6
        assert push.linger == 6
        assert push.get(zmq.LINGER) == -1
        push.close(0)
