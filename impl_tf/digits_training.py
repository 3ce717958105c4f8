"""Training on real digits in TensorFlow/Keras."""

import keras
import tensorflow as tf

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")  # of net.trainable_variables


def build(params, lr, momentum):
    inputs, hidden = params["hidden.weight"].shape
    net = keras.Sequential(
        [keras.Input((inputs,)), keras.layers.Dense(hidden, activation="tanh"), keras.layers.Dense(10)]
    )
    net.set_weights([params[name] for name in NAMES])
    # Keras takes both through float32, which is exact for these (OPT-F64-LR, OPT-F64-MOM).
    optimizer = keras.optimizers.SGD(lr, momentum=momentum)
    optimizer.build(net.trainable_variables)
    return net, optimizer


def epoch(model, batch):
    losses, _ = _epoch(model, batch, batch["order"][0])
    return {"loss": losses, **_learned(model)}


def train(model, batch):
    net, _ = model
    history = []
    for order in batch["order"]:
        losses, correct = _epoch(model, batch, order)
        logits = net(batch["validation_x"])
        history.append(
            {
                "loss": tf.reduce_mean(losses),  # while the weights move, as fit reports it (FIT-LOSS)
                "validation_loss": _loss(batch["validation_labels"], logits),
                "correct": correct,
                "validation_correct": _correct(logits, batch["validation_labels"]),
            }
        )
    return {name: tf.stack([metrics[name] for metrics in history]) for name in history[0]} | _learned(model)


def shuffling(model, batch):
    n = len(batch["x"])
    data = tf.data.Dataset.range(n).shuffle(n).batch(n)
    orders = tf.stack([order for _ in range(20) for order in data])
    centred = tf.cast(orders, batch["x"].dtype) - (n - 1) / 2
    positions = tf.range(n, dtype=centred.dtype) - (n - 1) / 2
    correlation = tf.linalg.matvec(centred, positions) / (n * (n * n - 1) / 12)
    complete = tf.reduce_all(tf.sort(orders) == tf.range(n, dtype=tf.int64))
    return {"complete": complete, "correlation": tf.reduce_mean(correlation)}


def _epoch(model, batch, order):
    net, optimizer = model
    losses = tf.TensorArray(batch["x"].dtype, size=len(order))  # a loop in a graph, not a graph of every batch
    correct = tf.constant(0, tf.int64)
    for i in tf.range(len(order)):
        x, labels = tf.gather(batch["x"], order[i]), tf.gather(batch["labels"], order[i])
        with tf.GradientTape() as tape:
            logits = net(x)
            loss = _loss(labels, logits)
        optimizer.apply(tape.gradient(loss, net.trainable_variables))
        losses = losses.write(i, loss)
        correct += _correct(logits, labels)
    return losses.stack(), correct


def _loss(labels, logits):
    # Keras would take probabilities, unless told not to (CE-LOGITS).
    return tf.reduce_mean(keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True))


def _correct(logits, labels):
    return tf.reduce_sum(tf.cast(tf.argmax(logits, -1) == labels, tf.int64))


def _learned(model):
    net, optimizer = model
    weights = {name: w.value + 0 for name, w in zip(NAMES, net.trainable_variables)}
    # Keras keeps -lr v where torch keeps v (OPT-SGD-LRCHANGE).
    buffers = {f"momentum.{name}": v / -optimizer.learning_rate for name, v in zip(NAMES, optimizer.momentums)}
    return {**weights, **buffers}
