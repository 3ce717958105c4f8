"""The perceptron rule in TensorFlow: no gradient, so no tape."""

import tensorflow as tf

MOST_EPOCHS = 100  # a training that went wrong ends too


def build(params):
    return params["w"], params["b"]


def epoch(model, batch):
    w, b, errors = _epoch(*model, batch["x"], batch["and"])
    return {"w": w, "b": b, "errors": errors}


def learn_and(model, batch):
    w, b = model
    ws, bs, errors = [], [], []
    while not errors or (errors[-1] and len(errors) < MOST_EPOCHS):
        w, b, wrong = _epoch(w, b, batch["x"], batch["and"])
        ws, bs, errors = [*ws, w], [*bs, b], [*errors, int(wrong)]
    return {"w": tf.stack(ws), "b": tf.stack(bs), "errors": errors}


def learn_xor(model, batch):
    w, b = model
    ws, bs, errors, predictions, mse, states = [], [], [], [], [], []
    while len(set(states)) == len(states) < MOST_EPOCHS:  # until a state comes back
        w, b, wrong = _epoch(w, b, batch["x"], batch["xor"])
        ws, bs, errors = [*ws, w], [*bs, b], [*errors, int(wrong)]
        predicted = tf.cast(tf.linalg.matvec(tf.cast(batch["x"], w.dtype), w) + b > 0, w.dtype)
        predictions.append(predicted)
        mse.append(tf.reduce_mean((tf.cast(batch["xor"], w.dtype) - predicted) ** 2))
        states.append((*w.numpy().tolist(), float(b)))
    return {
        "w": tf.stack(ws),
        "b": tf.stack(bs),
        "errors": errors,
        "predicted": tf.stack(predictions),
        "mse": tf.stack(mse),
        "repeats": states.index(states[-1]) + 1,  # the epoch, from 1, whose state came back
    }


def _epoch(w, b, x, y):
    errors = 0
    for point, label in zip(tf.unstack(tf.cast(x, w.dtype)), tf.unstack(tf.cast(y, w.dtype))):
        error = label - tf.cast(tf.tensordot(w, point, 1) + b > 0, w.dtype)
        w, b = w + error * point, b + error
        errors = errors + tf.cast(tf.abs(error), tf.int64)
    return w, b, errors
