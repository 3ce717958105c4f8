"""Training on real digits in TensorFlow/Keras."""

import keras
import numpy as np
import tensorflow as tf

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")  # of net.trainable_variables


def build(params, epochs, hidden, batch, lr, momentum):
    net = keras.Sequential(
        [
            keras.Input((params["hidden.weight"].shape[0],)),
            keras.layers.Dense(hidden, activation="tanh"),
            keras.layers.Dense(10),
        ]
    )
    net.set_weights([params[name] for name in NAMES])
    # A plain number would be rounded to float32, which changes 0.9 (OPT-F64-MOM); floatx keeps the rate (OPT-F64-LR).
    optimizer = keras.optimizers.SGD(lr, momentum=np.float64(momentum))
    optimizer.build(net.trainable_variables)
    return net, optimizer, {"epochs": epochs}


def epoch(model, batch):
    order = batch["order"][0]
    losses = tf.TensorArray(batch["x"].dtype, size=len(order))  # a loop in a graph, not a graph of every batch
    for i in tf.range(len(order)):
        rows = order[i]
        losses = losses.write(i, _step(model, tf.gather(batch["x"], rows), tf.gather(batch["labels"], rows)))
    return {"loss": losses.stack(), **_learned(model)}


def train(model, batch):
    net, optimizer, config = model
    # "accuracy" would make its variables inside fit, and Keras would trace the training step twice.
    accuracy = keras.metrics.SparseCategoricalAccuracy("accuracy")
    net.compile(optimizer=optimizer, loss=_loss(), metrics=[accuracy], jit_compile=False)
    epochs, batches, n = batch["order"].shape
    # Batch after batch in the given order, which is another in each epoch (FIT-SHUFFLE: fit on arrays shuffles).
    data = tf.data.Dataset.from_tensor_slices(tf.reshape(batch["order"], (epochs * batches, n)))
    data = data.map(lambda rows: (tf.gather(batch["x"], rows), tf.gather(batch["labels"], rows)))
    validation = tf.data.Dataset.from_tensors((batch["validation_x"], batch["validation_labels"]))
    history = net.fit(
        data,
        epochs=config["epochs"],
        steps_per_epoch=batches,
        validation_data=validation,
        shuffle=False,
        verbose=0,
    ).history
    # Loss and accuracy of the training are means while the weights move (FIT-LOSS).
    metrics = {
        "loss": history["loss"],
        "accuracy": history["accuracy"],
        "validation_loss": history["val_loss"],
        "validation_accuracy": history["val_accuracy"],
    }
    return {name: tf.constant(values, batch["x"].dtype) for name, values in metrics.items()} | _learned(model)


def shuffling(model, batch):
    (n, _), dtype = batch["x"].shape, batch["x"].dtype
    data = tf.data.Dataset.range(n).shuffle(n).batch(n)
    orders = tf.stack([order for _ in range(20) for order in data])
    return {
        "seen": tf.sort(orders),
        "unshuffled": tf.cast(_correlation(tf.range(n)), dtype),
        "correlation": tf.cast(tf.reduce_mean(_correlation(orders)), dtype),
    }


def _correlation(orders):
    """Of each order with that of the data."""
    n = orders.shape[-1]
    positions = tf.range(n, dtype=tf.float64) - (n - 1) / 2  # their mean is zero, so that of the orders does not count
    return tf.tensordot(tf.cast(orders, tf.float64), positions, 1) / (n * (n * n - 1) / 12)


def _step(model, x, labels):
    net, optimizer, _ = model
    with tf.GradientTape() as tape:
        loss = _loss()(labels, net(x))
    optimizer.apply(tape.gradient(loss, net.trainable_variables))
    return loss


def _loss():
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)  # probabilities by default (CE-LOGITS)


def _learned(model):
    net, optimizer, _ = model
    weights = {name: w.value + 0 for name, w in zip(NAMES, net.trainable_variables)}
    velocities = optimizer.momentums or [tf.zeros_like(w) for w in weights.values()]  # none without momentum
    # Keras keeps -lr v where torch keeps v (OPT-SGD-LRCHANGE).
    buffers = {f"momentum.{name}": v / -optimizer.learning_rate for name, v in zip(NAMES, velocities)}
    return {**weights, **buffers}
