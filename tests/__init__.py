"""The tests of zmqthread, laid out as the package is."""
