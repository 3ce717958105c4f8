"""Cross-entropy and negative log-likelihood in TensorFlow/Keras."""

import keras
import tensorflow as tf


def build(params):
    # Keras would take probabilities, unless told not to (CE-LOGITS).
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def cross_entropy(model, batch):
    logits = batch["logits"]
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = model(batch["labels"], logits)
    return {"loss": loss, "grad.logits": tape.gradient(loss, logits)}


def nll(model, batch):
    logits = batch["logits"]
    with tf.GradientTape() as tape:
        tape.watch(logits)
        log_probability = tf.nn.log_softmax(logits)
        loss = -tf.reduce_mean(tf.gather(log_probability, batch["labels"], batch_dims=1))  # Keras has no NLLLoss
    return {"loss": loss, "grad.logits": tape.gradient(loss, logits)}


def extremes(model, batch):
    extreme = {"logits": batch["extreme_logits"], "labels": batch["extreme_labels"]}
    by_nll = nll(model, extreme)
    return {
        "cross_entropy": cross_entropy(model, extreme)["loss"],
        "nll": by_nll["loss"],
        "grad.extreme_logits": by_nll["grad.logits"],
    }
