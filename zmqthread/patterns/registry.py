"""One row per socket type; nothing else switches on the type."""

from __future__ import annotations

from typing import NamedTuple

from zmqthread.constants import SocketType
from zmqthread.option_types import enabled_features
from zmqthread.patterns.channel import Channel
from zmqthread.patterns.client import Client
from zmqthread.patterns.dealer import Dealer
from zmqthread.patterns.dgram import Dgram
from zmqthread.patterns.dish import Dish
from zmqthread.patterns.gather import Gather
from zmqthread.patterns.pair import Pair
from zmqthread.patterns.pattern import Pattern
from zmqthread.patterns.peer import Peer
from zmqthread.patterns.pub import Pub
from zmqthread.patterns.pull import Pull
from zmqthread.patterns.push import Push
from zmqthread.patterns.radio import Radio
from zmqthread.patterns.rep import Rep
from zmqthread.patterns.req import Req
from zmqthread.patterns.router import Router
from zmqthread.patterns.scatter import Scatter
from zmqthread.patterns.server import Server
from zmqthread.patterns.stream import Stream
from zmqthread.patterns.sub import Sub
from zmqthread.patterns.xpub import XPub
from zmqthread.patterns.xsub import XSub

enabled_features.add("draft")


class Row(NamedTuple):
    """What is fixed about a socket type."""

    name: str
    pattern: type[Pattern]
    peers: frozenset[str]
    #: Subscriptions from peers are for the pattern (PUB, XPUB).
    takes_subscriptions: bool = False
    #: JOIN and LEAVE from peers are for the pattern (RADIO).
    takes_joins: bool = False
    #: Octets without a protocol: streams (STREAM) or datagrams (DGRAM).
    raw: bool = False
    #: What can be done with a udp endpoint: "bind" or "connect".
    udp: str = ""
    #: There is no other transport for this type.
    udp_only: bool = False
    #: Messages have one frame only; of others that peers send none is taken.
    single_frame: bool = False
    #: On the wire, and in pipes, the group goes before it in a frame of its own.
    grouped: bool = False
    #: What CONFLATE works on: messages received, messages sent.  Never on subscriptions.
    conflates: tuple[bool, bool] = (False, False)
    #: Sending and receiving take turns, and a turn is over when a message has been read whole.
    lockstep: bool = False
    #: A second connect to the same endpoint does nothing.
    connects_once: bool = False


def _peers(names: str) -> frozenset[str]:
    return frozenset(names.split())


_IN, _OUT, _BOTH = (True, False), (False, True), (True, True)

ROWS: dict[SocketType, Row] = {
    SocketType.PUSH: Row("PUSH", Push, _peers("PULL"), conflates=_OUT),
    SocketType.PULL: Row("PULL", Pull, _peers("PUSH"), conflates=_IN),
    SocketType.REQ: Row("REQ", Req, _peers("REP ROUTER"), lockstep=True, connects_once=True),
    SocketType.REP: Row("REP", Rep, _peers("REQ DEALER"), lockstep=True),
    SocketType.DEALER: Row(
        "DEALER", Dealer, _peers("REP DEALER ROUTER"), conflates=_BOTH, connects_once=True
    ),
    SocketType.ROUTER: Row("ROUTER", Router, _peers("REQ DEALER ROUTER")),
    SocketType.STREAM: Row("STREAM", Stream, frozenset(), raw=True),
    SocketType.PAIR: Row("PAIR", Pair, _peers("PAIR")),
    SocketType.PUB: Row(
        "PUB",
        Pub,
        _peers("SUB XSUB"),
        takes_subscriptions=True,
        conflates=_OUT,
        connects_once=True,
    ),
    SocketType.SUB: Row("SUB", Sub, _peers("PUB XPUB"), conflates=_IN, connects_once=True),
    SocketType.XPUB: Row("XPUB", XPub, _peers("SUB XSUB"), takes_subscriptions=True),
    SocketType.XSUB: Row("XSUB", XSub, _peers("PUB XPUB")),
    SocketType.CLIENT: Row("CLIENT", Client, _peers("SERVER"), single_frame=True),
    SocketType.SERVER: Row("SERVER", Server, _peers("CLIENT"), single_frame=True),
    SocketType.RADIO: Row(
        "RADIO",
        Radio,
        _peers("DISH"),
        takes_joins=True,
        single_frame=True,
        grouped=True,
        udp="connect",
    ),
    SocketType.DISH: Row(
        "DISH", Dish, _peers("RADIO"), single_frame=True, grouped=True, udp="bind"
    ),
    SocketType.SCATTER: Row("SCATTER", Scatter, _peers("GATHER"), single_frame=True),
    SocketType.GATHER: Row("GATHER", Gather, _peers("SCATTER"), single_frame=True),
    SocketType.PEER: Row("PEER", Peer, _peers("PEER"), single_frame=True),
    SocketType.CHANNEL: Row("CHANNEL", Channel, _peers("CHANNEL"), single_frame=True),
    SocketType.DGRAM: Row("DGRAM", Dgram, frozenset(), raw=True, udp="bind", udp_only=True),
}
