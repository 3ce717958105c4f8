"""Moving to a device in TensorFlow/Keras."""

import keras
import tensorflow as tf


def build(params):
    inputs, hidden = params["first.weight"].shape
    outputs = params["second.bias"].shape[0]
    net = keras.Sequential(
        [keras.Input((inputs,)), keras.layers.Dense(hidden, activation="tanh"), keras.layers.Dense(outputs)]
    )
    net.set_weights([params[f"{layer}.{part}"] for layer in ("first", "second") for part in ("weight", "bias")])
    return net


def forward(model, batch):
    return {"y": model(batch["x"])}


def left_behind(model, batch):
    gpus = tf.config.list_physical_devices("GPU")
    print("a tensor is copied to where it is needed" if gpus else "there is no CUDA here, so all is on the CPU")
    device = "GPU:0" if gpus else "CPU:0"
    with tf.device(device):
        weights = [tf.identity(w) for w in model.trainable_variables]
        moved = tf.identity(batch["x"])
    with tf.device("CPU:0"):
        x = tf.identity(batch["x"])
    return {"refused": [_refused(weights, x), _refused(weights, moved)]}


def _refused(weights, x):
    try:
        tf.matmul(x, weights[0])  # DEVICE: copied as needed
    except tf.errors.InvalidArgumentError as error:
        print(f"refused: {error}")
        return True
    return False
