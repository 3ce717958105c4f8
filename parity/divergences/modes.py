"""Modes: training and evaluation, eager and graph."""

from parity.divergences.entry import Divergence


class DropMode(Divergence):
    """A torch module is in training mode from the start; a bare call of a Keras layer is inference.

    So dropout is active in torch until somebody calls eval(), and inactive in Keras until somebody says
    training=True.  Outputs that change from call to call are the sign of the first.
    """

    name, apis = "DROP-MODE", ("torch.nn.Dropout", "torch.nn.Module.eval", "keras.layers.Dropout")
    words = ("eval", "train mode", "training=True", "output changes every call", "not deterministic", "dropout")
    gap, units = 0.72, 1.5e7
    source = "torch.nn.Module.train; keras.layers.Dropout, Call arguments"
    cure = "model.eval() before inference; training=True in a Keras loop written by hand"

    def inputs(rng):
        return {"x": rng.normal(size=1000)}

    def torch(x):
        import torch

        return torch.nn.Dropout(0.5)(x)

    def keras(x):
        import keras

        return keras.layers.Dropout(0.5)(x)

    def aligned_torch(x):
        import torch

        return torch.nn.Dropout(0.5).eval()(x)


class DropF(Divergence):
    """The functional dropouts are active in evaluation too.

    torch.nn.functional.dropout has training=True by default and does not see the module's mode; tf.nn.dropout has no
    such argument and always drops.  Keras's layer follows the call.  Here all three are asked for an evaluation.
    """

    name, apis = "DROP-F", ("torch.nn.functional.dropout", "tf.nn.dropout", "keras.layers.Dropout")
    words = ("functional dropout", "dropout in eval", "eval has no effect", "output changes every call")
    gap, units = 1.33, 2.7e7
    fresh = True  # tf.nn.dropout draws from TensorFlow's global generator
    source = "torch.nn.functional.dropout, training; tf.nn.dropout"
    cure = "F.dropout(x, p, training=self.training); tf.nn.dropout in training alone"

    def inputs(rng):
        return {"x": rng.normal(size=5000)}

    def torch(x):
        import torch

        class Net(torch.nn.Module):
            def forward(self, x):
                return torch.nn.functional.dropout(x, 0.9)

        return Net().eval()(x)

    def keras(x):
        import keras

        return keras.layers.Dropout(0.9)(x, training=False)

    def tf(x):
        import tensorflow as tf

        return tf.nn.dropout(x, 0.9)

    def aligned_torch(x):
        import torch

        class Net(torch.nn.Module):
            def forward(self, x):
                return torch.nn.functional.dropout(
                    x,
                    0.9,
                    training=self.training,
                )

        return Net().eval()(x)

    def aligned_tf(x, training=False):
        import tensorflow as tf

        return tf.nn.dropout(x, 0.9) if training else x


class DropScale(Divergence):
    """Dropout scales what it keeps by 1/(1 - p) in both frameworks.

    Nothing is scaled in evaluation.  The original paper scaled there instead, and so do some old codes.  The values
    here are those that occur in the dropout of ones.
    """

    name, apis = "DROP-SCALE", ("torch.nn.Dropout", "keras.layers.Dropout", "tf.nn.dropout")
    words = ("inverted dropout", "scaling", "keep probability", "dropout")
    gap, equal = 0, True
    source = "torch.nn.Dropout; keras.layers.Dropout"
    cure = "nothing to align"

    def torch():
        import torch

        return torch.nn.Dropout(0.5)(torch.ones(1000)).unique()

    def keras():
        import keras

        return keras.ops.unique(
            keras.layers.Dropout(0.5)(keras.ops.ones(1000), training=True),
        )
