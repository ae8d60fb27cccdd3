"""Stochastic gradient descent with weight decay and momentum."""

from typing import Any

import numpy as np

from bnlab.numerics.arrays import Array
from bnlab.numerics.parameters import Parameters


def weight_penalty(parameters: Parameters, weight_decay: float) -> Any:
    """Compute lambda times the sum of the squared weights; biases, gamma and beta are not penalized."""
    return weight_decay * np.dot(parameters.weights_flat, parameters.weights_flat)


def add_weight_decay(gradients: Parameters, parameters: Parameters, weight_decay: float, *, scratch: Array) -> None:
    """Add the penalty's gradient, 2 lambda W, to the weights' part of `gradients`.  scratch: (p,), overwritten."""
    if weight_decay:
        penalty = scratch[: parameters.weights_flat.size]
        np.multiply(parameters.weights_flat, 2 * weight_decay, out=penalty)
        gradients.weights_flat[...] += penalty


def descend(
    parameters: Parameters,
    gradients: Parameters,
    velocity: Parameters | None,
    *,
    learning_rate: float,
    weight_decay: float,
    momentum: float,
    scratch: Array,
) -> None:
    """One update along g, the gradient of the cost: v <- momentum v + g, theta <- theta - learning_rate v.

    gradients: of the mean loss, without weight decay, (p,); used up, as is scratch, (p,).  velocity: v, updated, or
    None without momentum. This is PyTorch's form of momentum; the textbook's, v <- momentum v + learning_rate g, agrees
    while the rate is constant.
    """
    if velocity is None:
        # theta - rate (g + 2 lambda theta), in three passes over memory instead of four
        parameters.weights_flat *= 1 - 2 * learning_rate * weight_decay
        step = gradients.flat
        step *= learning_rate
    else:
        add_weight_decay(gradients, parameters, weight_decay, scratch=scratch)
        velocity.flat *= momentum
        velocity.flat += gradients.flat
        step = scratch
        np.multiply(velocity.flat, learning_rate, out=step)
    parameters.flat -= step
