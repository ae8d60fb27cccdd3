"""Initial parameters."""

import math

import numpy as np

from bnlab.numerics.parameters import Parameters


def weight_std(initialization: str | float, fan_in: int, fan_out: int) -> float:
    """Standard deviation of a layer's initial weights.

    he: sqrt(2 / fan_in) (He et al. 2015).  xavier: sqrt(2 / (fan_in + fan_out)) (Glorot & Bengio 2010).  fan_in: 1 /
    sqrt(fan_in), which courses often call Xavier's too.  A number is the deviation itself.
    """
    if initialization == "he":
        return math.sqrt(2 / fan_in)
    if initialization == "fan_in":
        return 1 / math.sqrt(fan_in)
    if initialization == "xavier":
        return math.sqrt(2 / (fan_in + fan_out))
    return float(initialization)


def initialize(parameters: Parameters, initialization: str | float, random: np.random.Generator) -> None:
    """Overwrite `parameters`: normal weights, drawn layer by layer; b = 0, gamma = 1, beta = 0.

    The standard normal draws depend on the weights' shapes alone, so networks with and without batch
    normalization, and with different initializations, start from the same draws.
    """
    parameters.flat[:] = 0
    for weight in parameters.weights:
        weight[:] = weight_std(initialization, *weight.shape) * random.standard_normal(weight.shape)
    for gamma in parameters.gamma:
        gamma[:] = 1
