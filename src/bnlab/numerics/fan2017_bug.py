"""A wrong backward pass that was once in use, for finding out what it changes."""

import numpy as np

from bnlab.numerics.network import Workspace


def use_unnormalized_activations(work: Workspace) -> None:
    """Between `loss_forward` and `loss_backward`, make the latter wrong as fan2017's public code is.

    Overwrites every normalized layer's activations in `work.h` by max(0, s), s before normalization. The backward pass
    then takes ReLU's mask, and the inputs of the next layer's weights, from activations that the network never had.
    """
    for h, s_hat, (mean, _), inverse_std in zip(work.h, work.s_hat, work.moments, work.inverse_std, strict=False):
        np.divide(s_hat, inverse_std, out=h)
        h += mean
        np.maximum(h, 0, out=h)
