"""With and without batch normalisation, in TensorFlow/Keras."""

import keras
import tensorflow as tf


def build(params, lr, eps, momentum):
    inputs, hidden = params["hidden.weight"].shape
    layers = {
        "hidden": keras.layers.Dense(hidden, use_bias=False),
        # BN-MOM: the weight of the old value, not of the new.  BN-EPS: the default is 1e-3.
        "bn": keras.layers.BatchNormalization(momentum=1 - momentum, epsilon=eps),
        "out": keras.layers.Dense(10),
    }
    for name, width in (("hidden", inputs), ("bn", hidden), ("out", hidden)):
        layers[name].build((None, width))
    layers["hidden"].set_weights([params["hidden.weight"]])
    layers["bn"].set_weights([params[f"bn.{part}"] for part in ("weight", "bias", "running_mean", "running_var")])
    layers["out"].set_weights([params["out.weight"], params["out.bias"]])
    return layers, keras.optimizers.SGD(lr)


def plain(model, batch):
    layers, _ = model
    return {**_train(model, batch, normalised=False), "hidden.weight": layers["hidden"].kernel.value}


def normalised(model, batch):
    layers, _ = model
    metrics, bn = _train(model, batch, normalised=True), layers["bn"]
    running = {"bn.running_mean": bn.moving_mean.value, "bn.running_var": bn.moving_variance.value}
    return {**metrics, "hidden.weight": layers["hidden"].kernel.value, **running}


def _train(model, batch, *, normalised):
    layers, optimizer = model
    names = ("hidden", "bn", "out") if normalised else ("hidden", "out")
    weights = [w for name in names for w in layers[name].trainable_variables]
    optimizer.build(weights)
    history = []
    for order in batch["order"]:
        losses = []
        for rows in order:
            x, labels = tf.gather(batch["x"], rows), tf.gather(batch["labels"], rows)
            with tf.GradientTape() as tape:
                loss = _loss(labels, _forward(layers, x, normalised, training=True))
            optimizer.apply(tape.gradient(loss, weights))
            losses.append(loss)
        logits = _forward(layers, batch["validation_x"], normalised, training=False)
        right = tf.argmax(logits, -1) == batch["validation_labels"]
        history.append(
            {
                "loss": tf.reduce_mean(losses),
                "validation_loss": _loss(batch["validation_labels"], logits),
                "validation_correct": tf.reduce_sum(tf.cast(right, tf.int64)),
            }
        )
    return {name: tf.stack([metrics[name] for metrics in history]) for name in history[0]}


def _forward(layers, x, normalised, training):
    z = layers["hidden"](x)
    if normalised:
        bn = layers["bn"]
        kept = bn.momentum * bn.moving_variance.value
        z = bn(z, training=training)
        if training:  # BN-VAR: Keras keeps the biased variance; torch's and NumPy's is n / (n - 1) times as large
            bn.moving_variance.assign(kept + (bn.moving_variance.value - kept) * len(x) / (len(x) - 1))
    return layers["out"](tf.tanh(z))


def _loss(labels, logits):
    # Keras would take probabilities, unless told not to (CE-LOGITS).
    return tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True))
