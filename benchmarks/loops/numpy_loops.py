"""Every loop in NumPy."""

from benchmarks.suite import suites

globals().update(suites("numpy"))
