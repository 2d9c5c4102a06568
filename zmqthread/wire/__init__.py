"""The wire: ZMTP and raw streams without I/O. Octets go in, messages and octets come out.

Nothing here knows sockets, threads or clocks: the time is an argument, and whoever drives a
connection moves the bytes.
"""
