"""The reactor: selectors, wakers, timers and the I/O thread. It knows no ZeroMQ."""
