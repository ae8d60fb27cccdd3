"""PyTorch at its best: fused SGD, the learning rate set without a scheduler.

Settings that PyTorch means otherwise are converted as in tests/twin/torch_twin.py. Modes: eager; standardized, the same
with all images standardized in memory beforehand; bfloat16, autocast: products in bfloat16, parameters in float32.
torch.compile of network and loss was no faster.
"""

from itertools import pairwise

import numpy as np
import torch
from torch import nn

from benchmarks.contestants import Advance
from benchmarks.problem import BN_AVERAGE, BN_EPSILON, WEIGHT_DECAY, Data, Problem
from bnlab.numerics.parameters import Parameters


def start(problem: Problem, data: Data, *, mode: str = "eager") -> Advance:
    """On one thread."""
    torch.set_num_threads(1)
    model, linears, norms = _network(problem.initial(data.images.shape[1]))
    weights = [linear.weight for linear in linears]
    others = [linear.bias for linear in linears] + [p for norm in norms for p in norm.parameters()]
    optimizer = torch.optim.SGD(
        [{"params": weights, "weight_decay": 2 * WEIGHT_DECAY}, {"params": others}], lr=0.1, fused=True
    )

    autocast = torch.autocast("cpu", torch.bfloat16, enabled=mode == "bfloat16", cache_enabled=False)
    images = torch.from_numpy(data.standardized if mode == "standardized" else np.array(data.images))
    mean, inverse_std = map(torch.from_numpy, data.scaling)
    labels = torch.from_numpy(data.labels.astype(int))
    orders = data.orders()

    def fetch(batch: torch.Tensor) -> torch.Tensor:
        x = images.index_select(0, batch)
        return x if mode == "standardized" else x.to(mean.dtype).sub_(mean).mul_(inverse_std)

    def advance(count: int) -> list[float]:
        losses = []
        for _ in range(count):
            rows, learning_rate = next(orders)
            batch = torch.from_numpy(rows)
            for group in optimizer.param_groups:
                group["lr"] = learning_rate
            optimizer.zero_grad()
            with autocast:
                scores = model(fetch(batch))
                loss = nn.functional.cross_entropy(scores, labels.index_select(0, batch))
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            for norm in norms:
                norm.momentum = 1 - BN_AVERAGE  # 1 for the first mini-batch, from which the averages start
        return losses

    return advance


def _network(initial: Parameters) -> tuple[nn.Module, list[nn.Linear], list[nn.BatchNorm1d]]:
    """The network with bnlab's initial parameters."""
    dtype = getattr(torch, str(initial.flat.dtype))
    widths = initial.network.widths
    linears = [nn.Linear(d_in, d_out, dtype=dtype) for d_in, d_out in pairwise(widths)]
    norms = [nn.BatchNorm1d(d, eps=BN_EPSILON, momentum=1.0, dtype=dtype) for d in widths[1:-1]]
    norms = norms if initial.network.batch_norm else []
    with torch.no_grad():
        for linear, weight in zip(linears, initial.weights, strict=True):
            linear.weight.copy_(torch.from_numpy(weight.T))
            linear.bias.zero_()
    layers: list[nn.Module] = []
    for i, linear in enumerate(linears[:-1]):
        layers += [linear, norms[i], nn.ReLU()] if norms else [linear, nn.ReLU()]
    return nn.Sequential(*layers, linears[-1]), linears, norms
