"""Eager and graph: what is different inside a tf.function."""

from parity.divergences.entry import Divergence


def _inputs(rng):
    return {"x": rng.normal(size=(2, 3)), "w": rng.normal(size=(3, 1))}


def _layer(w):
    """A layer that gives its inner layer these weights when it is built."""
    import keras

    class Pretrained(keras.layers.Layer):
        def build(self, shape):
            self.inner = keras.layers.Dense(1, use_bias=False)
            self.inner.build(shape)
            self.inner.set_weights([w])

        def call(self, x):
            return self.inner(x)

    return Pretrained()


class GraphBuild(Divergence):
    """set_weights in build() is without effect where a tf.function builds the layer, as fit, evaluate and predict do.

    The function is traced twice when it makes variables: the trace that had the assignment is thrown away, and what
    runs has random weights.  No error is raised.  Called once outside, the same layer has its weights.  It looks
    like an upstream bug.
    """

    name = "GRAPH-BUILD"
    apis = ("keras.layers.Layer.set_weights", "keras.layers.Layer.build", "keras.Model.predict", "tf.function")
    words = ("set_weights has no effect", "pretrained weights are lost", "build", "tf.function", "random outputs")
    framework = "tf"
    gap, units = 0.395, 7.7e6
    source = "tf.function, Variables may only be created once; keras/src/layers/layer.py, build_wrapper"
    cure = "keras.Input as the first layer; or build the layer before the first fit, predict or tf.function"
    script = """
        import keras
        import numpy as np
        import tensorflow as tf


        class Loaded(keras.layers.Layer):
            def build(self, shape):
                self.dense = keras.layers.Dense(1, use_bias=False)
                self.dense.build(shape)
                self.dense.set_weights([np.ones((2, 1), "float32")])

            def call(self, x):
                return self.dense(x)


        layer = Loaded()
        found = float(tf.function(lambda x: layer(x))(tf.ones((1, 2)))[0, 0])
        assert found == 2, f"{found} is not 2: the weights are random"
    """

    inputs = _inputs

    def eager(x, w):
        return _layer(w)(x)

    def graph(x, w):
        import tensorflow as tf

        layer = _layer(w)
        return tf.function(lambda x: layer(x))(x)

    def aligned_graph(x, w):
        import tensorflow as tf

        layer = _layer(w)
        layer.build(x.shape)
        return tf.function(lambda x: layer(x))(x)


class DetEagerXla(Divergence):
    """A Keras model returns the same in eager mode, as a graph and compiled by XLA, up to rounding.

    Bits do differ: sums are ordered otherwise, and XLA fuses.  So results are compared within rounding, never bit for
    bit.
    """

    name, apis = "DET-EAGER-XLA", ("tf.function", "keras.Model.compile", "keras.Model.predict")
    words = ("jit_compile", "XLA", "run_eagerly", "bitwise", "not reproducible", "graph")
    framework = "tf"
    gap, equal = 0, True
    source = "tf.function, jit_compile"
    cure = "compare within rounding"

    def inputs(rng):
        return {
            "x": rng.normal(size=(8, 16)),
            "w": rng.normal(0, 0.25, (16, 16)),
        }

    def eager(x, w):
        return _steps(x, w)

    def graph(x, w):
        import tensorflow as tf

        return tf.function(_steps)(x, w)

    def xla(x, w):
        import tensorflow as tf

        return tf.function(_steps, jit_compile=True)(x, w)


def _steps(x, w):
    import keras

    return keras.ops.softmax(keras.ops.tanh(keras.ops.tanh(x @ w) @ w))


class GraphRetrace(Divergence):
    """tf.function compiles anew for each Python number, and once for all tensors of a shape.

    A step counter or a rate that is passed as a Python number makes each call a compilation.  The value is the count of
    traces in three calls.
    """

    name, apis = "GRAPH-RETRACE", ("tf.function", "tf.convert_to_tensor")
    words = ("retracing", "tf.function is slow", "triggered tf.function retracing", "trace", "Python int")
    framework = "tf"
    gap = 2.0
    source = "tf.function, Rules of tracing"
    cure = "pass tensors"

    def tensors():
        import tensorflow as tf

        return _traces([tf.constant(1), tf.constant(2), tf.constant(3)])

    def numbers():
        return _traces([1, 2, 3])

    def aligned_numbers():
        import tensorflow as tf

        return _traces([tf.convert_to_tensor(n) for n in (1, 2, 3)])


def _traces(arguments):
    """How often a function is traced for these arguments."""
    import tensorflow as tf

    traces = []

    @tf.function
    def double(n):
        traces.append(n)
        return 2 * n

    for n in arguments:
        double(n)
    return len(traces)


class GraphEffects(Divergence):
    """A Python statement in a compiled function runs when it is traced, and not when it is called.

    print, append and counters work in eager mode, once in a graph, and not at all in the calls that follow.
    torch's eager code has no such trap.  The value is the count of three calls.
    """

    name, apis = "GRAPH-EFFECTS", ("tf.function", "tf.print", "tf.Variable.assign_add")
    words = ("print only once", "side effects", "list append in tf.function", "counter does not move")
    gap = 0.667
    source = "TensorFlow guide: Better performance with tf.function, Executing Python side effects"
    cure = "tf.print, tf.Variable.assign_add; or run_eagerly=True while one looks"

    def torch():
        import torch

        calls = []

        def double(x):
            calls.append(x)
            return 2 * x

        for n in range(3):
            double(torch.tensor(n))
        return len(calls)

    def tf():
        import tensorflow as tf

        calls = []

        @tf.function
        def double(x):
            calls.append(x)
            return 2 * x

        for n in range(3):
            double(tf.constant(n))
        return len(calls)

    def aligned_tf():
        import tensorflow as tf

        calls = tf.Variable(0)

        @tf.function
        def double(x):
            calls.assign_add(1)
            return 2 * x

        for n in range(3):
            double(tf.constant(n))
        return int(calls)
