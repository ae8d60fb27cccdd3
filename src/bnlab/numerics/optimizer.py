"""Stochastic gradient descent with weight decay and momentum."""

from typing import Any

import numpy as np

from bnlab.numerics.arrays import Array
from bnlab.numerics.parameters import Parameters


def weight_penalty(parameters: Parameters, weight_decay: float) -> Any:
    """Compute lambda times the sum of the squared weights; biases, gamma and beta are not penalized."""
    return weight_decay * np.dot(parameters.decayed, parameters.decayed)


def add_weight_decay(gradients: Parameters, parameters: Parameters, weight_decay: float, *, scratch: Array) -> None:
    """Add the penalty's gradient, 2 lambda W, to the weights' part of `gradients`.  scratch: (p,), overwritten."""
    if weight_decay:
        penalty = scratch[: parameters.decayed.size]
        np.multiply(parameters.decayed, 2 * weight_decay, out=penalty)
        gradients.decayed[...] += penalty


def descend(
    parameters: Parameters,
    gradients: Parameters,
    velocity: Parameters | None,
    *,
    learning_rate: float,
    momentum: float,
    scratch: Array,
) -> None:
    """One update: v <- momentum v + g, theta <- theta - learning_rate v.  scratch: (p,), overwritten.

    This is PyTorch's form of momentum; the textbook's, v <- momentum v + learning_rate g, agrees while the
    rate is constant. Without momentum pass velocity=None.
    """
    direction = gradients
    if velocity is not None:
        velocity.flat *= momentum
        velocity.flat += gradients.flat
        direction = velocity
    np.multiply(direction.flat, learning_rate, out=scratch)
    parameters.flat -= scratch
