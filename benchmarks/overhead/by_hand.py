"""Three loops written by hand, as users write them: no stage, no named outputs, only the loop.

`benchmarks.overhead` measures the harness against them.  Each takes the model and the batch of the task, so that both
sides compute on the same memory, and returns a function without arguments.
"""

from collections.abc import Callable
from typing import Any

Call = Callable[[], object]


def numpy_mlp_step(model: Any, batch: Any) -> Call:
    from impl_numpy import ops

    params, optimizer = model
    x, labels = batch["x"], batch["labels"]

    def call() -> object:
        z0, vjp0 = ops.linear(x, params["0.weight"], params["0.bias"], x_grad=False)
        a0, relu0 = ops.relu(z0)
        z2, vjp2 = ops.linear(a0, params["2.weight"], params["2.bias"])
        a2, relu2 = ops.relu(z2)
        logits, vjp4 = ops.linear(a2, params["4.weight"], params["4.bias"])
        loss, dlogits = ops.cross_entropy(logits, labels)
        da2, dw4, db4 = vjp4(dlogits(1.0))
        da0, dw2, db2 = vjp2(relu2(da2))
        _, dw0, db0 = vjp0(relu0(da0))
        optimizer.step({"0.weight": dw0, "0.bias": db0, "2.weight": dw2, "2.bias": db2, "4.weight": dw4, "4.bias": db4})
        return loss

    return call


def numpy_conv_block_backward(model: Any, batch: Any) -> Call:
    from impl_numpy import ops

    x, weight, bias, dy = batch["x"], model["conv.weight"], model["conv.bias"], batch["cotangent"]

    def call() -> object:
        z, conv_vjp = ops.conv2d(x, weight, bias, padding=1)
        a, relu_vjp = ops.relu(z)
        _, pool_vjp = ops.max_pool(a)
        return conv_vjp(relu_vjp(pool_vjp(dy)))

    return call


def numpy_lstm_backward(model: Any, batch: Any) -> Call:
    from impl_numpy import ops

    x, w_ih, w_hh = batch["x"], model["weight_ih_l0"], model["weight_hh_l0"]
    b_ih, b_hh = model["bias_ih_l0"], model["bias_hh_l0"]
    dy, dh, dc = batch["cotangent.y"], batch["cotangent.h"][0], batch["cotangent.c"][0]

    def call() -> object:
        *_, vjp = ops.lstm(x, w_ih, w_hh, b_ih + b_hh)
        return vjp(dy, dh, dc)

    return call


def torch_mlp_step(model: Any, batch: Any) -> Call:
    net, _, criterion, optimizer = model
    x, labels = batch["x"], batch["labels"]

    def call() -> object:
        optimizer.zero_grad()
        loss = criterion(net(x), labels)
        loss.backward()
        optimizer.step()
        return loss

    return call


def torch_conv_block_backward(model: Any, batch: Any) -> Call:
    x, dy = batch["x"].detach().requires_grad_(), batch["cotangent"]

    def call() -> object:
        x.grad = None
        model.zero_grad()
        model(x).backward(dy)
        return x.grad

    return call


def torch_lstm_backward(model: Any, batch: Any) -> Call:
    import torch

    x = batch["x"].detach().requires_grad_()
    cotangents = [batch["cotangent.y"], batch["cotangent.h"], batch["cotangent.c"]]

    def call() -> object:
        x.grad = None
        model.zero_grad()
        y, (h, c) = model(x)
        torch.autograd.backward([y, h, c], cotangents)
        return x.grad

    return call


def tf_mlp_step(model: Any, batch: Any) -> Call:
    import tensorflow as tf

    net, criterion, optimizer = model
    x, labels = batch["x"], batch["labels"]

    @tf.function
    def train_step(x: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = criterion(labels, net(x))
        optimizer.apply(tape.gradient(loss, net.trainable_variables))
        return loss

    return lambda: train_step(x, labels)


def tf_conv_block_backward(model: Any, batch: Any) -> Call:
    import tensorflow as tf

    x, dy = batch["x"], batch["cotangent"]

    @tf.function
    def gradients(x: Any, dy: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = model(x)
        return tape.gradient(y, [x, *model.conv.trainable_variables], output_gradients=dy)

    return lambda: gradients(x, dy)


def tf_lstm_backward(model: Any, batch: Any) -> Call:
    import tensorflow as tf

    x, cotangents = batch["x"], [batch["cotangent.y"], batch["cotangent.h"][0], batch["cotangent.c"][0]]

    @tf.function
    def gradients(x: Any, cotangents: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = model(x)
        return tape.gradient(list(outputs), [x, *model.trainable_variables], output_gradients=cotangents)

    return lambda: gradients(x, cotangents)


BY_HAND = {
    ("mlp", "step"): {"numpy": numpy_mlp_step, "torch": torch_mlp_step, "tf": tf_mlp_step},
    ("conv_block", "backward"): {
        "numpy": numpy_conv_block_backward, "torch": torch_conv_block_backward, "tf": tf_conv_block_backward,
    },
    ("lstm", "backward"): {"numpy": numpy_lstm_backward, "torch": torch_lstm_backward, "tf": tf_lstm_backward},
}  # fmt: skip
