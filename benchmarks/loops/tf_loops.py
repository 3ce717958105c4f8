"""Every loop in TensorFlow/Keras."""

from benchmarks.suite import suites

globals().update(suites("tf"))
