"""Second derivatives in TensorFlow: a tape around a tape."""

import tensorflow as tf

NAMES = ("hidden.weight", "hidden.bias", "out.weight", "out.bias")


def build(params):
    return params


def square(model, batch):
    a = model["a"]
    with tf.GradientTape() as outer:
        outer.watch(a)
        with tf.GradientTape() as inner:
            inner.watch(a)
            y = a**2
        first = inner.gradient(y, a)  # inside the outer tape, which records it (AG-2ND)
    return {"first": first, "second": outer.gradient(first, a)}


def gradients(model, batch):
    variables = [tf.Variable(model[name]) for name in "abc"]
    with tf.GradientTape(persistent=True) as tape:
        loss = _loss(*variables)
    returned = tf.stack(tape.gradient(loss, variables))
    kept = [tf.Variable(tf.zeros_like(variable)) for variable in variables]  # a tape keeps nothing (AG-ACCUM)
    for total, variable in zip(kept, variables):  # pulled again, one by one
        total.assign_add(tape.gradient(loss, variable))
    accumulated = tf.stack(kept)
    equal = tf.reduce_all(returned == accumulated)
    return {"loss": loss, "returned": returned, "accumulated": accumulated, "equal": equal}


def hessian(model, batch):
    point = tf.stack([model[name] for name in "abc"])
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(point)
        with tf.GradientTape() as inner:
            inner.watch(point)
            loss = _loss(*tf.unstack(point))
        gradient = inner.gradient(loss, point)
    product = outer.gradient(gradient, point, output_gradients=batch["v"])  # of gradient · v
    return {"hessian": outer.jacobian(gradient, point), "product": product}


def hvp(model, batch):
    weights = [model[name] for name in NAMES]
    directions = [batch[f"direction.{name}"] for name in NAMES]
    with tf.GradientTape() as outer:
        outer.watch(weights)
        with tf.GradientTape() as inner:
            inner.watch(weights)
            w, b, v, d = weights
            y = tf.tanh(batch["x"] @ w + b) @ v + d
            loss = tf.reduce_mean((y - batch["target"]) ** 2)
        grads = inner.gradient(loss, weights)
    products = outer.gradient(grads, weights, output_gradients=directions)  # the gradient of grad · direction
    return {"loss": loss, **dict(zip(NAMES, products))}


def _loss(a, b, c):
    return (a * b + c) ** 2
