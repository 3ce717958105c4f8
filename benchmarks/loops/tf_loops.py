"""Every loop in TensorFlow/Keras."""

from benchmarks.history.suite import suites

globals().update(suites("tf"))
