"""Contexts, sockets, pollers, proxies, monitors: the only code that blocks a caller."""
