"""Sessions, connecters, acceptors and in-process peers, on the simulated kernel."""
