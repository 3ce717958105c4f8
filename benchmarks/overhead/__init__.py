"""The time that the harness adds to a loop written by hand.  `python -m benchmarks.overhead`."""
