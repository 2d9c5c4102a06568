"""What wakes a sleeper, on the real kernel."""

from __future__ import annotations

import gc

from zmqthread.reactor.waker import _Descriptor


def test_a_descriptor_that_was_interrupted_before_it_had_a_number_goes_in_silence() -> None:
    # A complaint of the finalizer would be a warning, which fails the test.
    half_made = _Descriptor.__new__(_Descriptor)
    del half_made
    gc.collect()
