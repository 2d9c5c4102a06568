"""What ``import zmq`` finds where the folder above is on the path: see `zmqthread.alias`."""

from zmqthread.alias import install

install()
