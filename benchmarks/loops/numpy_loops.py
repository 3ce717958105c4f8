"""Every loop in NumPy."""

from benchmarks.history.suite import suites

globals().update(suites("numpy"))
