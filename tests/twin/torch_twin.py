"""The same training in PyTorch: nn.Linear, nn.BatchNorm1d, SGD and CyclicLR in float64, on one thread.

Where PyTorch means something else by a setting, it is converted:

- the momentum of its moving averages is 1 - bn_decay, and 1 for the first mini-batch, so that they start from it;
- its running variance averages the unbiased variance (divided by n - 1): times (n - 1) / n it is ours;
- its weight_decay is the penalty's derivative divided by W, 2 lambda, and is given to the weights alone;
- its weights are (d_out, d_in), ours transposed.

As in 2017, its normalizations have no gamma and beta, its averages start as PyTorch's do, whose variance is 1 and not
unbiased at first, and its optimizer forgets its state at the beginning of every epoch.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from shipped import Data, Outcome, Setting, Watch
from torch import nn

from bnlab.numerics.parameters import Parameters


def torch_twin(
    setting: Setting, data: Data, watch: Watch | None = None, *, initial: Parameters | None = None
) -> Outcome:
    """Train PyTorch's network on the same mini-batches, from the same initial parameters unless others are given."""
    torch.set_num_threads(1)
    data = data.under(setting)
    initial = data.initial(setting) if initial is None else initial
    linears = [nn.Linear(d_in, d_out, dtype=torch.float64) for d_in, d_out in pairwise(initial.network.widths)]
    norms = normalizations(setting, initial.network.widths[1:-1])
    arrays = memory(setting, linears, norms)
    for name, value in initial.named():
        arrays[name][...] = value

    layers: list[nn.Module] = []
    for i, linear in enumerate(linears[:-1]):
        layers += [linear, norms[i], nn.ReLU()] if norms else [linear, nn.ReLU()]
    model = nn.Sequential(*layers, linears[-1])
    weights = [linear.weight for linear in linears]
    others = [linear.bias for linear in linears] + [p for norm in norms for p in norm.parameters()]
    optimizer = torch.optim.SGD(
        [{"params": weights, "weight_decay": 2 * setting.weight_decay}, {"params": others}],
        lr=setting.minimum,
        momentum=setting.momentum,
    )
    schedule = torch.optim.lr_scheduler.CyclicLR(
        optimizer, setting.minimum, setting.maximum, step_size_up=setting.step, cycle_momentum=False
    )
    criterion = nn.CrossEntropyLoss()

    losses = []
    epoch = len(data.split.training) // setting.batch_size
    for x, y in data.batches(setting):
        if watch is not None:
            watch(len(losses), arrays)
        if setting.as_in_2017 and len(losses) % epoch == 0:
            optimizer.state.clear()
        optimizer.zero_grad()
        loss = criterion(model(torch.from_numpy(x)), torch.from_numpy(y).long())
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
        for norm in norms:
            norm.momentum = 1 - setting.bn_decay
    if watch is not None:
        watch(len(losses), arrays)

    arrays |= averages(setting, norms, updates=len(losses))
    x, y = data.validation()
    model.eval()
    with torch.no_grad():
        scores = model(torch.from_numpy(x))
    arrays["validation"] = np.array([criterion(scores, torch.from_numpy(y).long()).item()])
    accuracy = float(np.mean(scores.numpy().argmax(axis=1) == y))
    return Outcome(np.array(losses), arrays, accuracy)


def normalizations(setting: Setting, hidden: Sequence[int]) -> list[nn.BatchNorm1d]:
    """A normalization for each hidden layer, if any; what its averages do with the first mini-batch."""
    first = 1 - setting.bn_decay if setting.as_in_2017 else 1.0
    affine = not setting.as_in_2017
    return [
        nn.BatchNorm1d(d, eps=setting.bn_epsilon, momentum=first, affine=affine, dtype=torch.float64)
        for d in hidden
        if setting.batch_norm
    ]


def memory(setting: Setting, linears: Sequence[nn.Linear], norms: Sequence[nn.BatchNorm1d]) -> dict[str, np.ndarray]:
    """All parameters by our names, on PyTorch's own memory; a gamma and a beta that PyTorch does not have are ours."""
    views = {f"W{i}": linear.weight.detach().T for i, linear in enumerate(linears, 1)}
    views |= {f"b{i}": linear.bias.detach() for i, linear in enumerate(linears, 1)}
    for i, norm in enumerate(norms, 1):
        views[f"gamma{i}"] = torch.ones_like(norm.running_mean) if setting.as_in_2017 else norm.weight.detach()
        views[f"beta{i}"] = torch.zeros_like(norm.running_mean) if setting.as_in_2017 else norm.bias.detach()
    return {name: view.numpy() for name, view in views.items()}


def averages(setting: Setting, norms: Sequence[nn.BatchNorm1d], *, updates: int) -> dict[str, np.ndarray]:
    """The moving averages as ours are."""
    biased = (setting.batch_size - 1) / setting.batch_size
    # What is left of an initial variance of 1 is not from mini-batches.
    left = setting.bn_decay**updates if setting.as_in_2017 else 0.0
    arrays = {}
    for i, norm in enumerate(norms, 1):
        norm.running_var.sub_(left).mul_(biased).add_(left)
        arrays |= {f"mean{i}": norm.running_mean.numpy(), f"variance{i}": norm.running_var.numpy()}
    return arrays
