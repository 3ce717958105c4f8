"""A graph of scalars in TensorFlow: the tape records it and walks back."""

import tensorflow as tf


def build(params):
    return {name: tf.Variable(value) for name, value in params.items()}


def forward(model, batch):
    u = model["a"] * model["b"] + model["c"]
    return {"u": u, "loss": u**2}


def backward(model, batch):
    a, b, c = model["a"], model["b"], model["c"]
    with tf.GradientTape() as tape:
        loss = (a * b + c) ** 2
    da, db, dc = tape.gradient(loss, [a, b, c])
    return {"loss": loss, "grad.a": da, "grad.b": db, "grad.c": dc}
