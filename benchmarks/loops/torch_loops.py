"""Every loop in PyTorch."""

from benchmarks.history.suite import suites

globals().update(suites("torch"))
