"""With and without batch normalisation, in TensorFlow/Keras."""

import keras
import tensorflow as tf

STATISTICS = ("weight", "bias", "running_mean", "running_var")  # of a BatchNormalization's weights


class BatchNormalization(keras.layers.BatchNormalization):
    """Keeps the unbiased running variance, n / (n - 1) times Keras's, as torch does (BN-VAR)."""

    def call(self, inputs, training=False):
        kept = self.momentum * self.moving_variance.value
        y = super().call(inputs, training=training)
        if training:
            n = tf.cast(tf.shape(inputs)[0], y.dtype)
            self.moving_variance.assign(kept + (self.moving_variance.value - kept) * n / (n - 1))
        return y


def build(params, lr, eps, momentum):
    return params, lr, eps, momentum


def plain(model, batch):
    params, lr, _, _ = model
    return _train(params, lr, batch, [])


def normalised(model, batch):
    params, lr, eps, momentum = model
    # BN-MOM: the weight of the old value, not of the new.  BN-EPS: the default is 1e-3.
    bn = BatchNormalization(momentum=1 - momentum, epsilon=eps)
    learned = _train(params, lr, batch, [bn])
    return learned | {f"bn.{part}": w.value for part, w in zip(STATISTICS, bn.weights)}


def _train(params, lr, batch, bn):
    inputs, width = params["hidden.weight"].shape
    hidden, out = keras.layers.Dense(width, use_bias=False), keras.layers.Dense(10)
    net = keras.Sequential([keras.Input((inputs,)), hidden, *bn, keras.layers.Activation("tanh"), out])
    hidden.set_weights([params["hidden.weight"]])
    for layer in bn:
        layer.set_weights([params[f"bn.{part}"] for part in STATISTICS])
    out.set_weights([params["out.weight"], params["out.bias"]])
    optimizer = keras.optimizers.SGD(lr)
    # An optimizer or a metric whose variables arise inside fit makes Keras trace the training step twice.
    optimizer.build(net.trainable_variables)
    net.compile(
        optimizer=optimizer,
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),  # probabilities by default (CE-LOGITS)
        metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")],
        jit_compile=False,
    )
    epochs, batches, n = batch["order"].shape
    # Batch after batch in the given order, which is another in each epoch (FIT-SHUFFLE: fit on arrays shuffles).
    data = tf.data.Dataset.from_tensor_slices(tf.reshape(batch["order"], (epochs * batches, n)))
    data = data.map(lambda rows: (tf.gather(batch["x"], rows), tf.gather(batch["labels"], rows)))
    validation = tf.data.Dataset.from_tensors((batch["validation_x"], batch["validation_labels"]))
    history = net.fit(
        data, epochs=epochs, steps_per_epoch=batches, validation_data=validation, shuffle=False, verbose=0
    ).history
    metrics = {
        "loss": history["loss"],  # a mean while the weights move (FIT-LOSS)
        "validation_loss": history["val_loss"],
        "validation_accuracy": history["val_accuracy"],
    }
    return {
        **{name: tf.constant(values, batch["x"].dtype) for name, values in metrics.items()},
        "hidden.weight": hidden.kernel.value,
        "out.weight": out.kernel.value,
        "out.bias": out.bias.value,
    }
