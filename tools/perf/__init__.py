"""Measuring: programs as libzmq has them, a comparison with pyzmq, and how cost grows."""
