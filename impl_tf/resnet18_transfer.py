"""Transfer learning with ResNet-18, in TensorFlow/Keras; the layers are named as torchvision's."""

import keras
import tensorflow as tf
from keras import layers

EPS = 1e-5  # torchvision's; Keras has 1e-3 (BN-EPS)


def build(params, lr):
    x = image = keras.Input((None, None, 3))  # channels last (CONV-LAYOUT)
    x = layers.ReLU()(_conv_norm(params, "conv1", "bn1", x, stride=2))
    x = layers.ZeroPadding2D(1)(x)  # after a ReLU zero is as good as nothing; "same" would pad one side (POOL-SAME)
    x = layers.MaxPool2D(3, 2)(x)
    for layer in (1, 2, 3, 4):
        for block in (0, 1):
            x = _block(params, f"layer{layer}.{block}", x, stride=2 if layer > 1 and block == 0 else 1)
    trunk = keras.Model(image, layers.GlobalAveragePooling2D()(x))  # (n, c) at once (POOL-GAP)
    trunk.trainable = False
    for layer in trunk.layers:
        name = layer.name
        if isinstance(layer, layers.Conv2D):
            layer.set_weights([params[f"{name}.weight"]])
        elif isinstance(layer, layers.BatchNormalization):
            layer.set_weights([params[f"{name}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")])
    net = keras.Sequential([trunk, layers.Dense(1000)])  # ImageNet's thousand classes
    built = net.layers[-1]
    net.pop()
    net.add(layers.Dense(params["fc.bias"].shape[0]))  # in its place a new head, which alone learns
    net.layers[-1].set_weights([params["fc.weight"], params["fc.bias"]])
    optimizer = keras.optimizers.SGD(lr)
    optimizer.build(net.trainable_variables)
    # Keras would take probabilities, unless told not to (CE-LOGITS).
    return net, built, keras.losses.SparseCategoricalCrossentropy(from_logits=True), optimizer


def forward(model, batch):
    net, _, loss_of, _ = model
    logits = net(batch["x"], training=False)
    return {"logits": logits, "loss": loss_of(batch["labels"], logits)}


def step(model, batch):
    net, *_ = model
    loss, (dw, db) = _step(model, batch)
    w, b = net.trainable_variables
    return {"loss": loss, "grad.fc.weight": dw, "grad.fc.bias": db, "fc.weight": w.value + 0, "fc.bias": b.value + 0}


def moved(model, batch):
    net, built, *_ = model
    before = [w.value + 0 for w in net.variables]
    _, grads = _gradients(model, batch, net.variables)  # of the frozen ones too: they are looked at, not presumed
    _step(model, batch)
    return {
        "built": built.units,
        "classes": net.layers[-1].units,
        "tensors": _by_part(net, net.variables),
        "gradients": _by_part(net, [w for w, g in zip(net.variables, grads) if g is not None]),
        "moved": _by_part(net, [w for w, old in zip(net.variables, before) if tf.reduce_any(w.value != old)]),
    }


def _by_part(net, variables):
    """How many are of the head, of the trunk's weights, and of its statistics."""
    head = sum(w is one for w in variables for one in net.layers[-1].weights)
    statistics = sum("moving" in w.path for w in variables)
    return [head, len(variables) - head - statistics, statistics]


def _step(model, batch):
    net, *_, optimizer = model
    loss, grads = _gradients(model, batch, net.trainable_variables)
    optimizer.apply(grads)
    return loss, grads


def _gradients(model, batch, weights):
    """The loss, and its gradients by `weights`; None for those that are frozen.

    Keras keeps a frozen weight from the optimizer; a tape follows it unless told which to watch (AG-FROZEN).
    """
    net, _, loss_of, _ = model
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([w.value for w in net.trainable_variables])
        loss = loss_of(batch["labels"], net(batch["x"], training=False))
    return loss, tape.gradient(loss, weights)


def _block(params, name, x, stride):
    shortcut = x
    if f"{name}.downsample.0.weight" in params:
        shortcut = _conv_norm(params, f"{name}.downsample.0", f"{name}.downsample.1", x, stride)
    z = layers.ReLU()(_conv_norm(params, f"{name}.conv1", f"{name}.bn1", x, stride))
    return layers.ReLU()(layers.Add()([_conv_norm(params, f"{name}.conv2", f"{name}.bn2", z), shortcut]))


def _conv_norm(params, conv, bn, x, stride=1):
    k, _, _, filters = params[f"{conv}.weight"].shape
    padding = "same"
    if stride > 1 and k > 1:  # "same" would pad one side more (CONV-SAME-S2)
        x, padding = layers.ZeroPadding2D(k // 2)(x), "valid"
    x = layers.Conv2D(filters, k, stride, padding, use_bias=False, name=conv)(x)
    return layers.BatchNormalization(epsilon=EPS, name=bn)(x)
