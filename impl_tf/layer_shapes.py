"""Shapes through the layers in Keras: a second model on the same layers, with every output."""

import keras


def build(params):
    widths = [params["0.weight"].shape[0], *(params[f"{layer}.bias"].shape[0] for layer in (0, 2, 4))]
    net = keras.Sequential(
        [
            keras.Input((widths[0],)),
            keras.layers.Dense(widths[1]),
            keras.layers.ReLU(),
            keras.layers.Dense(widths[2]),
            keras.layers.ReLU(),
            keras.layers.Dense(widths[3]),
        ]
    )
    net.set_weights([params[f"{layer}.{part}"] for layer in (0, 2, 4) for part in ("weight", "bias")])
    return net


def forward(model, batch):
    return {"y": model(batch["x"])}


def batch(model, batch):
    return _shapes(model, batch["x"])


def one(model, batch):
    return _shapes(model, batch["x"][:1])


def _shapes(model, x):
    every = keras.Model(model.inputs, [layer.output for layer in model.layers])
    return {str(layer): a.shape for layer, a in enumerate(every(x))}
