"""One update after another, as a protocol prescribes them."""

import numpy as np

from bnlab.numerics.arrays import Array, Labels
from bnlab.numerics.fan2017_bug import use_unnormalized_activations
from bnlab.numerics.network import Workspace, loss_backward
from bnlab.numerics.optimizer import descend
from bnlab.numerics.parameters import Parameters
from bnlab.runs.spec import Protocol


class Update:
    """Updates one network's parameters; holds the gradients, the velocity and the scratch memory for that."""

    def __init__(self, parameters: Parameters, protocol: Protocol, *, weight_decay: float) -> None:
        network, dtype = parameters.network, parameters.flat.dtype
        self._parameters = parameters
        self._protocol = protocol
        self._weight_decay = weight_decay
        self._gradients = Parameters.zeros(network, dtype)
        self._velocity = Parameters.zeros(network, dtype) if protocol.momentum else None
        self._scratch = np.empty_like(parameters.flat)
        self._epoch = protocol.training // protocol.batch_size

    def __call__(self, number: int, x: Array, y: Labels, work: Workspace, *, learning_rate: float) -> None:
        """Make the update of that number, from 0, from what `loss_forward` left in `work`, which is used up.

        x: the mini-batch, (n, d).  y: its labels, (n,).
        """
        protocol = self._protocol
        if protocol.backward == "unnormalized_activations":
            use_unnormalized_activations(work)
        loss_backward(self._parameters, x, y, work, gradients=self._gradients)
        if not protocol.bn_affine:
            self._gradients.zero_affine_gradients()
        if self._velocity is not None and protocol.momentum_restarts and number % self._epoch == 0:
            self._velocity.flat[:] = 0
        descend(
            self._parameters,
            self._gradients,
            self._velocity,
            learning_rate=learning_rate,
            weight_decay=self._weight_decay,
            momentum=protocol.momentum,
            scratch=self._scratch,
        )
