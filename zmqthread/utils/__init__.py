"""What pyzmq has in ``zmq.utils``: monitor messages, Z85, JSON, casts of text."""
