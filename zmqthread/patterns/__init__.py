"""The socket types: pure routing over pipes, one small file per type."""
