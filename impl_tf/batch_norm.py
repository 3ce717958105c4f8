"""Batch normalisation in TensorFlow/Keras."""

import keras
import tensorflow as tf

NAMES = ("fc.weight", "bn1.weight", "bn1.bias", "bn2.weight", "bn2.bias")  # of trainable_variables
RUNNING = ("running_mean", "running_var")


class Net(keras.Model):
    def __init__(self, hidden, eps, momentum):
        super().__init__()
        # BN-MOM: the weight of the old value, not of the new.  BN-EPS: the default is 1e-3, not 1e-5.
        # BN-AXIS: channels are the last axis, which is where images have them here.
        settings = {"momentum": 1 - momentum, "epsilon": eps}
        self.fc = keras.layers.Dense(hidden, use_bias=False)  # normalisation would take a bias away
        self.bn1 = keras.layers.BatchNormalization(**settings)
        self.bn2 = keras.layers.BatchNormalization(**settings)

    def call(self, x, image, training=False):
        return self.bn1(self.fc(x), training=training), self.bn2(image, training=training)


def build(params, eps, momentum):
    inputs, hidden = params["fc.weight"].shape
    net = Net(hidden, eps, momentum)
    net.fc.build((None, inputs))
    for name, bn, shape in (("bn1", net.bn1, (None,)), ("bn2", net.bn2, (None, None, None))):
        bn.build((*shape, params[f"{name}.bias"].shape[0]))
        bn.set_weights([params[f"{name}.{part}"] for part in ("weight", "bias", *RUNNING)])
    net.fc.set_weights([params["fc.weight"]])
    return net


def forward(model, batch):
    before = [bn.moving_variance.value + 0 for bn in (model.bn1, model.bn2)]
    y, y_image = model(batch["x"], batch["image"], training=True)
    running = {}
    for name, bn, z, old in (("bn1", model.bn1, y, before[0]), ("bn2", model.bn2, y_image, before[1])):
        _make_unbiased(bn, old, count=tf.size(z) // z.shape[-1])
        running[f"{name}.running_mean"] = bn.moving_mean.value + 0
        running[f"{name}.running_var"] = bn.moving_variance.value + 0
    return {"y": y, "y.image": y_image, **running}


def backward(model, batch):
    inputs = [batch["x"], batch["image"]]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = model(*inputs, training=True)
    cotangents = [batch["cotangent"], batch["cotangent.image"]]
    dx, dimage, *grads = tape.gradient(y, [*inputs, *model.trainable_variables], output_gradients=cotangents)
    return {"grad.x": dx, "grad.image": dimage, **{f"grad.{name}": g for name, g in zip(NAMES, grads)}}


def evaluate(model, batch):
    y, y_image = model(batch["x"], batch["image"], training=False)
    return {"y": y, "y.image": y_image}


def train_one(model, batch):
    return {"y": model.bn1(model.fc(batch["one"]), training=True)}  # BN-ONE: the bias, without a word


def evaluate_one(model, batch):
    return {"y": model.bn1(model.fc(batch["one"]), training=False)}


def _make_unbiased(bn, old, count):
    # BN-VAR: Keras keeps the biased variance; torch's and NumPy's is count / (count - 1) times as large.
    kept = bn.momentum * old
    count = tf.cast(count, old.dtype)
    bn.moving_variance.assign(kept + (bn.moving_variance.value - kept) * count / (count - 1))
