"""Long short-term memory in TensorFlow/Keras."""

import keras
import tensorflow as tf


def build(params):
    inputs, width = params["weight_ih_l0"].shape
    model = keras.layers.LSTM(width // 4, return_sequences=True, return_state=True)  # LSTM-OUT: the last step alone
    model.build((None, None, inputs))
    # All weights are given (INIT-LSTM), with the gates in torch's order, which is Keras's too (LSTM-GATES); Keras has
    # one bias where torch has two (LSTM-BIAS).
    model.set_weights([params["weight_ih_l0"], params["weight_hh_l0"], params["bias_ih_l0"] + params["bias_hh_l0"]])
    return model


def forward(model, batch):
    y, h, c = model(batch["x"])
    return {"y": y, "h": h[None], "c": c[None]}


def backward(model, batch):
    x = batch["x"]
    with tf.GradientTape() as tape:
        tape.watch(x)
        y, h, c = model(x)
    cotangents = [batch["cotangent.y"], batch["cotangent.h"][0], batch["cotangent.c"][0]]
    grads = tape.gradient([y, h, c], [x, *model.trainable_variables], output_gradients=cotangents)
    return dict(zip(("grad.x", "grad.weight_ih_l0", "grad.weight_hh_l0", "grad.bias_ih_l0"), grads))
