"""The bounded lanes between a socket and one peer.  They know neither sockets nor the wire."""
