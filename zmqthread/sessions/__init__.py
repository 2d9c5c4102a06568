"""What is at the far end of a pipe: sessions, connecters, acceptors and in-process peers."""
