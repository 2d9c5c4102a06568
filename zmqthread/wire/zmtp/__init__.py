"""ZMTP 3.1 (RFC 37), with 3.0 (RFC 23) peers: greeting, frames, commands and the connection."""
