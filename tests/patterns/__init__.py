"""The socket types against scripted far ends: no sockets, no threads, no time."""
