"""Log records as messages, and ``python -m zmqthread.log`` to watch them."""
