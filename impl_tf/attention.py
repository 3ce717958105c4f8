"""Multi-head self-attention in TensorFlow/Keras."""

import keras
import tensorflow as tf


def build(params, heads):
    embed = params["out_proj.bias"].shape[0]
    if embed % heads:  # Keras would take heads of another width
        raise ValueError(f"an embedding of {embed} cannot be divided among {heads} heads")
    model = keras.layers.MultiHeadAttention(heads, embed // heads)
    model.build((None, None, embed), (None, None, embed))
    # All weights are given (INIT-MHA).
    # MHA-PACK: torch has one matrix for queries, keys and values; Keras has three, with an axis for the heads.
    weights = []
    for part, w in zip(("query", "key", "value"), tf.split(params["in_proj_weight"], 3, axis=1)):
        weights += [tf.reshape(w, (embed, heads, -1)), tf.reshape(params[f"{part}_bias"], (heads, -1))]
    model.set_weights([*weights, tf.reshape(params["out_proj.weight"], (heads, -1, embed)), params["out_proj.bias"]])
    return model


def forward(model, batch):
    y, weights = _attention(model, batch["x"])
    return {"y": y, "weights": weights}


def backward(model, batch):
    x = batch["x"]
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = _attention(model, x)
    cotangents = [batch["cotangent"], batch["cotangent.weights"]]
    dx, *grads = tape.gradient(y, [x, *model.trainable_variables], output_gradients=cotangents)
    embed = x.shape[-1]
    *packed, dw_out, db_out = grads
    dquery, dkey, dvalue = (tf.reshape(db, (embed,)) for db in packed[1::2])
    return {
        "grad.x": dx,
        "grad.in_proj_weight": tf.concat([tf.reshape(dw, (embed, embed)) for dw in packed[::2]], axis=1),
        "grad.query_bias": dquery,
        "grad.key_bias": dkey,
        "grad.value_bias": dvalue,
        "grad.out_proj.weight": tf.reshape(dw_out, (embed, embed)),
        "grad.out_proj.bias": db_out,
    }


def _attention(model, x):
    y, weights = model(query=x, value=x, key=x, return_attention_scores=True)  # MHA-ORDER: value before key
    return y, tf.reduce_mean(weights, axis=1)  # MHA-RET: torch averages over the heads
