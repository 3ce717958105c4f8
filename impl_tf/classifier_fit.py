"""model.compile and model.fit, in Keras."""

import keras
import numpy as np
import tensorflow as tf

EPOCHS = 3
NAMES = ("0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias")  # of net.trainable_variables


def build(params, lr, beta1, beta2, eps):
    # Betas that float32 holds, an epsilon below rounding (OPT-ADAM-F32BETA, OPT-ADAM-EPS, OPT-ADAM-EPSHAT).
    return params, keras.optimizers.Adam(lr, beta_1=beta1, beta_2=beta2, epsilon=eps)


def fit(model, batch):
    params, optimizer = model
    net = _net(params)
    net.compile(
        optimizer=optimizer,
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),  # CE-LOGITS
        jit_compile=False,
    )
    losses = _fit(net, batch)
    return {"losses": losses, **{name: w.value for name, w in zip(NAMES, net.trainable_variables)}}


def textbook(model, batch):
    params, _ = model
    net = _net(params, activation="softmax")
    net.compile(optimizer="adam", loss="sparse_categorical_crossentropy", jit_compile=False)
    return {"losses": _fit(net, batch)}


def no_epsilon(model, batch):
    params, _ = model
    net, loss_of = _net(params), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    # Python's betas would go through float32 (OPT-ADAM-F32BETA).
    optimizer = keras.optimizers.Adam(beta_1=np.float64(0.9), beta_2=np.float64(0.999), epsilon=2.0**-100)
    optimizer.build(net.trainable_variables)

    @tf.function
    def train_step(x, labels):
        with tf.GradientTape() as tape:
            loss = loss_of(labels, net(x))
        optimizer.apply(tape.gradient(loss, net.trainable_variables))
        return loss

    losses = []
    for _ in range(EPOCHS):  # the loop that fit spares
        epoch = [train_step(tf.gather(batch["x"], rows), tf.gather(batch["labels"], rows)) for rows in batch["rows"]]
        losses.append(tf.reduce_mean(tf.stack(epoch)))
    return {"losses": tf.stack(losses)}


def _net(params, activation=None):
    inputs, hidden = params["0.weight"].shape
    net = keras.Sequential(
        [
            keras.Input((inputs,)),
            keras.layers.Dense(hidden, activation="tanh"),
            keras.layers.Dense(hidden, activation="tanh"),
            keras.layers.Dense(params["4.bias"].shape[0], activation=activation),
        ]
    )
    net.set_weights([params[name] for name in NAMES])
    return net


def _fit(net, batch):
    # From arrays fit would build a pipeline anew in each epoch, which takes longer than these epochs.
    rows = tf.data.Dataset.from_tensor_slices(batch["rows"])
    data = rows.map(lambda rows: (tf.gather(batch["x"], rows), tf.gather(batch["labels"], rows)))
    net.optimizer.build(net.trainable_variables)  # inside fit it would make Keras trace the training step twice
    history = net.fit(data, epochs=EPOCHS, shuffle=False, verbose=0)  # FIT-SHUFFLE: fit shuffles by default
    # Means over the batches as the weights move (FIT-LOSS, FIT-LOGS).
    return tf.constant(history.history["loss"], batch["x"].dtype)
