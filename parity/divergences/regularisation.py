"""Penalties on weights: their factors, and where they are reported."""

from parity.divergences.entry import Divergence


class RegL2(Divergence):
    """Keras's L2(λ) pulls twice as hard as torch's weight_decay=λ.

    The penalty is λ Σw² with the gradient 2λw; weight_decay adds λw.  Keras's penalty is also part of the loss that fit
    reports (FIT-REG).  The value is the weight after one step of SGD whose other gradient is zero.
    """

    name, apis = "REG-L2", ("torch.optim.SGD", "keras.regularizers.L2", "keras.layers.Dense")
    words = ("weight_decay", "kernel_regularizer", "L2", "regularizer", "factor of two", "penalty")
    gap, units = 0.333, 7.8e6
    arguments = ("weight_decay", "kernel_regularizer", "L2")
    source = "keras/src/regularizers/regularizers.py, L2; torch.optim.SGD, weight_decay"
    cure = "kernel_regularizer=keras.regularizers.L2(weight_decay / 2)"

    def inputs(rng):
        return {"w": rng.normal(size=4)}

    def torch(w):
        import torch

        w = torch.nn.Parameter(w)
        w.grad = torch.zeros_like(w)
        torch.optim.SGD([w], lr=0.5, weight_decay=0.5).step()
        return w

    def keras(w):
        return _keras_step(w, 0.5)

    def aligned_keras(w):
        return _keras_step(w, 0.5 / 2)


def _keras_step(w, factor):
    """One step of SGD down the penalty alone."""
    import keras
    import tensorflow as tf

    w = keras.Variable(w, dtype=w.dtype.name)
    with tf.GradientTape() as tape:
        penalty = keras.regularizers.L2(factor)(w)
    keras.optimizers.SGD(0.5).apply(tape.gradient(penalty, [w.value]), [w])
    return w


class RegL2loss(Divergence):
    """tf.nn.l2_loss has a half that Keras's L2 has not.

    ½ Σw² against Σw².  Code that went from TensorFlow 1 to Keras with its factors regularises twice as much.
    """

    name, apis = "REG-L2LOSS", ("tf.nn.l2_loss", "keras.regularizers.L2", "torch.optim.SGD")
    words = ("l2_loss", "L2", "regularizer", "factor of two", "TensorFlow 1", "penalty")
    gap, units = 1.0, 1.7e7
    arguments = ("l2_loss",)
    source = "tf.nn.l2_loss: sum(t ** 2) / 2; keras/src/regularizers/regularizers.py, L2"
    cure = "keras.regularizers.L2(factor / 2)"

    def inputs(rng):
        return {"w": rng.normal(size=4)}

    def tf(w):
        import tensorflow as tf

        return 0.5 * tf.nn.l2_loss(w)

    def keras(w):
        import keras

        return keras.regularizers.L2(0.5)(w)

    def aligned_keras(w):
        import keras

        return keras.regularizers.L2(0.5 / 2)(w)


class RegBias(Divergence):
    """torch's weight_decay decays biases and normalisation too; Keras's kernel_regularizer leaves them alone.

    An optimizer's weight_decay reaches every parameter that it was given, in Keras also (exclude_from_weight_decay);
    a regulariser reaches the tensor that it was set on.  The value is the bias after one step with no other gradient.
    """

    name = "REG-BIAS"
    apis = ("torch.optim.SGD", "keras.layers.Dense", "keras.optimizers.Optimizer.exclude_from_weight_decay")
    words = ("bias decay", "weight_decay on bias", "parameter groups", "kernel_regularizer", "no_decay")
    gap, units = 0.333, 6.9e6
    arguments = ("weight_decay", "kernel_regularizer")
    source = "torch.optim, Per-parameter options; keras.layers.Dense, bias_regularizer"
    cure = 'parameter groups in torch: [{"params": biases, "weight_decay": 0}, {"params": kernels}]'

    def inputs(rng):
        return {"w": rng.normal(size=(3, 4)), "b": rng.normal(size=3)}

    def torch(w, b):
        import torch

        layer = torch.nn.Linear(4, 3)
        layer.load_state_dict({"weight": w, "bias": b})
        for parameter in layer.parameters():
            parameter.grad = torch.zeros_like(parameter)
        torch.optim.SGD(layer.parameters(), lr=0.5, weight_decay=0.5).step()
        return layer.bias

    def keras(w, b):
        import keras
        import tensorflow as tf

        layer = keras.layers.Dense(
            3,
            kernel_regularizer=keras.regularizers.L2(0.5 / 2),
        )
        layer.build((None, 4))
        layer.set_weights([keras.ops.transpose(w), b])
        variables = layer.trainable_variables
        with tf.GradientTape() as tape:
            penalty = keras.ops.sum(layer.losses[0]) + 0 * keras.ops.sum(
                layer.bias,
            )
        keras.optimizers.SGD(0.5).apply(
            tape.gradient(penalty, [v.value for v in variables]),
            variables,
        )
        return layer.bias

    def aligned_torch(w, b):
        import torch

        layer = torch.nn.Linear(4, 3)
        layer.load_state_dict({"weight": w, "bias": b})
        for parameter in layer.parameters():
            parameter.grad = torch.zeros_like(parameter)
        groups = [
            {"params": [layer.bias], "weight_decay": 0},
            {"params": [layer.weight]},
        ]
        torch.optim.SGD(groups, lr=0.5, weight_decay=0.5).step()
        return layer.bias
