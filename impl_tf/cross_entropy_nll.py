"""Cross-entropy and negative log-likelihood in TensorFlow."""

import tensorflow as tf


def build(params):
    return params


def cross_entropy(model, batch):
    logits = batch["logits"]
    with tf.GradientTape() as tape:
        tape.watch(logits)
        # Keras's function takes probabilities by default, this one only logits (CE-LOGITS).
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(batch["labels"], logits))
    return {"loss": loss, "grad.logits": tape.gradient(loss, logits)}


def nll(model, batch):
    logits = batch["logits"]
    with tf.GradientTape() as tape:
        tape.watch(logits)
        log_probability = tf.nn.log_softmax(logits)
        loss = -tf.reduce_mean(tf.gather(log_probability, batch["labels"], batch_dims=1))
    return {"loss": loss, "grad.logits": tape.gradient(loss, logits)}
