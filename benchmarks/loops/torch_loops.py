"""Every loop in PyTorch."""

from benchmarks.suite import suites

globals().update(suites("torch"))
