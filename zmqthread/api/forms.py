"""Messages as strings, JSON, pickles or anything else: conveniences over send and recv."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

if TYPE_CHECKING:
    from zmqthread.message import Frame, MessageTracker

_Loaded = TypeVar("_Loaded")


class Forms:
    """What a socket can send and receive besides bytes."""

    # The four calls that everything here is made of.
    def send(self, data: Any, flags: int = 0, copy: bool = True, track: bool = False) -> Any:
        """Send one frame."""
        raise NotImplementedError

    def recv(self, flags: int = 0, copy: bool = True, track: bool = False) -> Any:
        """Receive one frame."""
        raise NotImplementedError

    def send_multipart(
        self, msg_parts: Sequence[Any], flags: int = 0, copy: bool = True, track: bool = False
    ) -> Any:
        """Send a whole message."""
        raise NotImplementedError

    def recv_multipart(self, flags: int = 0, copy: bool = True, track: bool = False) -> list[Any]:
        """Receive a whole message."""
        raise NotImplementedError

    def _deserialize(self, recvd: Any, load: Callable[[Any], _Loaded]) -> _Loaded:
        """Return what was received as something else; a hook for derived classes."""
        return load(recvd)

    def send_string(
        self, u: str, flags: int = 0, copy: bool = True, encoding: str = "utf-8", **kwargs: Any
    ) -> MessageTracker | None:
        """Send text; TypeError if ``u`` is not a str."""
        if not isinstance(u, str):
            raise TypeError("str objects only")
        tracker: MessageTracker | None
        tracker = self.send(u.encode(encoding), flags=flags, copy=copy, **kwargs)
        return tracker

    send_unicode = send_string

    def recv_string(self, flags: int = 0, encoding: str = "utf-8") -> str:
        """Receive text; UnicodeDecodeError if it is none."""
        return self._deserialize(self.recv(flags=flags), lambda data: str(data, encoding))

    recv_unicode = recv_string

    def send_json(self, obj: Any, flags: int = 0, **kwargs: Any) -> None:
        """Send an object as JSON; ``routing_id`` and ``group`` go to `send`, the rest to dumps."""
        send_kwargs = {key: kwargs.pop(key) for key in ("routing_id", "group") if key in kwargs}
        kwargs.setdefault("separators", (",", ":"))
        kwargs.setdefault("ensure_ascii", False)
        self.send(json.dumps(obj, **kwargs).encode(), flags=flags, **send_kwargs)

    def recv_json(self, flags: int = 0, **kwargs: Any) -> Any:
        """Receive an object sent as JSON; ``kwargs`` go to ``json.loads``."""
        return self._deserialize(self.recv(flags), lambda data: json.loads(data.decode(), **kwargs))

    def send_pyobj(
        self, obj: Any, flags: int = 0, protocol: int = pickle.DEFAULT_PROTOCOL, **kwargs: Any
    ) -> MessageTracker | None:
        """Send an object as a pickle, which older Pythons can read with the default protocol.

        Only between programs that trust each other: see `recv_pyobj`.
        """
        tracker: MessageTracker | None
        tracker = self.send(pickle.dumps(obj, protocol), flags=flags, **kwargs)
        return tracker

    def recv_pyobj(self, flags: int = 0) -> Any:
        """Receive an object sent by `send_pyobj`.

        Warning: unpickling runs code that the *sender* chose.  Never call this on a socket that
        somebody you do not trust can reach; authentication that fails open is not enough.
        """
        return self._deserialize(self.recv(flags), pickle.loads)

    def send_serialized(
        self,
        msg: Any,
        serialize: Callable[[Any], Sequence[Any]],
        flags: int = 0,
        copy: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Send what ``serialize(msg)`` returns: the frames of one message."""
        return self.send_multipart(serialize(msg), flags=flags, copy=copy, **kwargs)

    @overload
    def recv_serialized(
        self,
        deserialize: Callable[[list[bytes]], _Loaded],
        flags: int = 0,
        copy: Literal[True] = True,
    ) -> _Loaded: ...
    @overload
    def recv_serialized(
        self,
        deserialize: Callable[[list[Frame]], _Loaded],
        flags: int = 0,
        *,
        copy: Literal[False],
    ) -> _Loaded: ...
    @overload
    def recv_serialized(
        self, deserialize: Callable[[list[Any]], _Loaded], flags: int = 0, *, copy: bool
    ) -> _Loaded: ...
    @overload
    def recv_serialized(
        self, deserialize: Callable[[list[Any]], _Loaded], flags: int, copy: bool
    ) -> _Loaded: ...
    def recv_serialized(
        self, deserialize: Callable[[list[Any]], _Loaded], flags: int = 0, copy: bool = True
    ) -> _Loaded:
        """Return ``deserialize(frames)`` of the next message."""
        return self._deserialize(self.recv_multipart(flags=flags, copy=copy), deserialize)
