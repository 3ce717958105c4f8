"""Batch normalisation in TensorFlow/Keras."""

import keras
import tensorflow as tf

NORMS, RUNNING = ("bn1", "bn2", "bn_image"), ("running_mean", "running_var")
WEIGHTS = ("fc1.weight", "bn1.weight", "bn1.bias", "fc2.weight", "bn2.weight", "bn2.bias", "fc3.weight", "fc3.bias")


class Net(keras.Model):
    def __init__(self, hidden, classes, eps, momentum):
        super().__init__()
        # BN-MOM: the weight of the old value, not of the new.  BN-EPS: the default is 1e-3, not 1e-5.
        # BN-AXIS: channels are the last axis, which is where images have them here.
        settings = {"momentum": 1 - momentum, "epsilon": eps}
        self.fc1 = keras.layers.Dense(hidden, use_bias=False)  # normalisation would take a bias away
        self.bn1 = keras.layers.BatchNormalization(**settings)
        self.fc2 = keras.layers.Dense(hidden, use_bias=False)
        self.bn2 = keras.layers.BatchNormalization(**settings)
        self.fc3 = keras.layers.Dense(classes)
        self.bn_image = keras.layers.BatchNormalization(**settings)

    def call(self, x, training=False):
        a = tf.nn.relu(self.bn1(self.fc1(x), training=training))
        a = tf.nn.relu(self.bn2(self.fc2(a), training=training))
        return self.fc3(a)


def build(params, eps, momentum):
    inputs, hidden = params["fc1.weight"].shape
    net = Net(hidden, params["fc3.bias"].shape[0], eps, momentum)
    for layer, width in ((net.fc1, inputs), (net.fc2, hidden), (net.fc3, hidden)):
        layer.build((None, width))
    net.fc1.set_weights([params["fc1.weight"]])
    net.fc2.set_weights([params["fc2.weight"]])
    net.fc3.set_weights([params["fc3.weight"], params["fc3.bias"]])
    for name, axes in zip(NORMS, (1, 1, 3)):
        bn = getattr(net, name)
        bn.build((*[None] * axes, params[f"{name}.bias"].shape[0]))
        bn.set_weights([params[f"{name}.{part}"] for part in ("weight", "bias", *RUNNING)])
    return net


def forward(model, batch):
    norms = {name: getattr(model, name) for name in NORMS}
    before = {name: bn.moving_variance.value + 0 for name, bn in norms.items()}
    y, y_image = model(batch["x"], training=True), model.bn_image(batch["image"], training=True)
    running, rows = {}, tf.shape(batch["x"])[0]
    counts = {"bn1": rows, "bn2": rows, "bn_image": tf.size(y_image) // y_image.shape[-1]}
    for name, bn in norms.items():
        _make_unbiased(bn, before[name], counts[name])
        running[f"{name}.running_mean"] = bn.moving_mean.value + 0
        running[f"{name}.running_var"] = bn.moving_variance.value + 0
    return {"y": y, "y.image": y_image, **running}


def backward(model, batch):
    inputs, bn = [batch["x"], batch["image"]], model.bn_image
    weights = {name: _variable(model, name) for name in (*WEIGHTS, "bn_image.weight", "bn_image.bias")}
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        y = [model(batch["x"], training=True), bn(batch["image"], training=True)]
    cotangents = [batch["cotangent"], batch["cotangent.image"]]
    dx, dimage, *grads = tape.gradient(y, [*inputs, *weights.values()], output_gradients=cotangents)
    return {"grad.x": dx, "grad.image": dimage, **{f"grad.{name}": g for name, g in zip(weights, grads)}}


def evaluate(model, batch):
    return {"y": model(batch["x"], training=False), "y.image": model.bn_image(batch["image"], training=False)}


def statistics(model, batch):
    z = model.fc1(batch["x"])
    bn = keras.layers.BatchNormalization()
    bn(z, training=True)
    aligned = keras.layers.BatchNormalization(momentum=0.9)  # BN-MOM
    aligned(z, training=True)
    _make_unbiased(aligned, tf.ones_like(z[0]), tf.shape(z)[0])
    return {
        "batch_var": tf.math.reduce_variance(z, 0),
        "running_mean": bn.moving_mean.value,
        "running_var": bn.moving_variance.value,
        "aligned_mean": aligned.moving_mean.value,
        "aligned_var": aligned.moving_variance.value,
    }


def train_one(model, batch):
    # BN-ONE: an answer that comes of the bias, without a word.
    return {"y": model(batch["x"][:1], training=True), "y.other": model(batch["x"][1:2], training=True)}


def evaluate_one(model, batch):
    return {"y": model(batch["x"][:1], training=False)}


def _variable(model, name):
    layer, part = name.split(".")
    layer = getattr(model, layer)
    return layer.trainable_variables[0 if part == "weight" else 1]


def _make_unbiased(bn, old, count):
    # BN-VAR: Keras keeps the biased variance; torch's and NumPy's is count / (count - 1) times as large.
    kept = bn.momentum * old
    count = tf.cast(count, old.dtype)
    bn.moving_variance.assign(kept + (bn.moving_variance.value - kept) * count / (count - 1))
