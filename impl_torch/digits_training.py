"""Training on real digits in PyTorch."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.hidden, self.out = nn.Linear(inputs, hidden), nn.Linear(hidden, 10)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x)))


def build(params, epochs, hidden, batch, lr, momentum):
    net = Net(params["hidden.weight"].shape[1], hidden)
    net.load_state_dict(params, assign=True)
    optimizer = torch.optim.SGD(net.parameters(), lr=lr, momentum=momentum)
    return net, optimizer, {"epochs": epochs, "batch": batch}


def epoch(model, batch):
    losses = [_step(model, batch["x"][rows], batch["labels"][rows])[0] for rows in batch["order"][0]]
    return {"loss": torch.stack(losses), **_learned(model)}


def train(model, batch):
    net, _, config = model
    data, history = TensorDataset(batch["x"], batch["labels"]), []
    for epoch in range(config["epochs"]):
        order = batch["order"][epoch].flatten().tolist()  # given, where a training has shuffle=True
        losses, right = [], []
        for x, labels in DataLoader(data, batch_size=config["batch"], sampler=order):
            loss, logits = _step(model, x, labels)
            losses.append(loss)
            right.append(logits.argmax(-1) == labels)  # while the weights move
        with torch.no_grad():
            logits = net(batch["validation_x"])
        validation_right = logits.argmax(-1) == batch["validation_labels"]
        history.append(
            {
                "loss": torch.stack(losses).mean(),
                "accuracy": torch.cat(right).to(logits.dtype).mean(),
                "validation_loss": nn.CrossEntropyLoss()(logits, batch["validation_labels"]),
                "validation_accuracy": validation_right.to(logits.dtype).mean(),
            }
        )
    return {name: torch.stack([metrics[name] for metrics in history]) for name in history[0]} | _learned(model)


def shuffling(model, batch):
    (n, _), dtype = batch["x"].shape, batch["x"].dtype
    loader = DataLoader(torch.arange(n), batch_size=n, shuffle=True)
    with torch.random.fork_rng():
        torch.seed()
        orders = torch.stack([order for _ in range(20) for order in loader])
    return {
        "seen": orders.sort().values,
        "unshuffled": _correlation(torch.arange(n)).to(dtype),
        "correlation": _correlation(orders).mean().to(dtype),
    }


def _correlation(orders):
    """Of each order with that of the data."""
    n = orders.shape[-1]
    positions = torch.arange(n).double() - (n - 1) / 2  # their mean is zero, so that of the orders does not count
    return orders.double() @ positions / (n * (n * n - 1) / 12)


def _step(model, x, labels):
    net, optimizer, _ = model
    optimizer.zero_grad()
    logits = net(x)
    loss = nn.CrossEntropyLoss()(logits, labels)
    loss.backward()
    optimizer.step()
    return loss.detach(), logits


def _learned(model):
    net, optimizer, _ = model
    weights = dict(net.named_parameters())
    # Without momentum the optimizer has no buffer.
    buffers = {
        f"momentum.{n}": optimizer.state[w].get("momentum_buffer", torch.zeros_like(w)) for n, w in weights.items()
    }
    return {**weights, **buffers}
