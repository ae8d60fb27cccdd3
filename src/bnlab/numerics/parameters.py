"""All parameters of a network as one flat vector with named views, weights first."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bnlab.numerics.arrays import Array


@dataclass(frozen=True)
class Network:
    """The shape of a network: what its forward pass does, without any numbers that are learned.

    widths: units per layer from the input to the classes, for example (3072, 50, 50, 10).
    batch_norm: whether hidden layers are normalized between the affine map and ReLU.
    epsilon: added to the variance inside the square root.
    """

    widths: tuple[int, ...]
    batch_norm: bool
    epsilon: float = 0.0

    @property
    def n_layers(self) -> int:
        """Affine maps: the hidden layers and the output layer."""
        return len(self.widths) - 1

    @property
    def n_hidden(self) -> int:
        """Hidden layers."""
        return len(self.widths) - 2

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of every parameter array: all W, then all b, then all gamma and beta.

        Weights stand first so that weight decay touches one contiguous slice.
        """
        layers = range(1, self.n_layers + 1)
        normalized = range(1, self.n_hidden + 1) if self.batch_norm else ()
        shapes: dict[str, tuple[int, ...]] = {f"W{i}": (self.widths[i - 1], self.widths[i]) for i in layers}
        shapes |= {f"b{i}": (self.widths[i],) for i in layers}
        shapes |= {f"gamma{i}": (self.widths[i],) for i in normalized}
        shapes |= {f"beta{i}": (self.widths[i],) for i in normalized}
        return shapes


class Parameters:
    """A flat vector, (p,), and its views; gradients and velocities have the same form.

    weights, biases: one array per layer, (d_in, d_out) and (d_out,).  gamma, beta: one (d,) per hidden layer when
    the network is normalized, else none.  Writing to a view writes to `flat`, in which a weight matrix lies column by
    column, unit by unit: BLAS computes the gradient of the first layer's weights a quarter faster that way.
    """

    def __init__(self, network: Network, flat: Array) -> None:
        """View `flat`, (p,), as the parameters of `network`; nothing is copied."""
        self.network = network
        self.flat = flat
        self._views: dict[str, Array] = {}
        size = sum(math.prod(shape) for shape in network.shapes().values())
        if flat.shape != (size,):
            raise ValueError(f"{network} has {size} parameters, but the vector has the shape {flat.shape}")
        start = 0
        for name, shape in network.shapes().items():
            size = math.prod(shape)
            self._views[name] = flat[start : start + size].reshape(shape, order="F")
            start += size
        self.weights = self._family("W")
        self.biases = self._family("b")
        self.gamma = self._family("gamma")
        self.beta = self._family("beta")
        self.weights_flat = flat[: sum(weight.size for weight in self.weights)]

    @classmethod
    def zeros(cls, network: Network, dtype: npt.DTypeLike) -> "Parameters":
        """All parameters zero."""
        return cls(network, np.zeros(sum(map(math.prod, network.shapes().values())), dtype))

    def zero_affine_gradients(self) -> None:
        """Set the gradients of gamma and beta to zero, so that a step leaves gamma and beta as they are."""
        for g in (*self.gamma, *self.beta):
            g[:] = 0

    def named(self) -> Iterator[tuple[str, Array]]:
        """Every array's name (W1, b1, gamma1, beta1, ...) and view."""
        yield from self._views.items()

    def _family(self, prefix: str) -> list[Array]:
        return [view for name, view in self._views.items() if name.rstrip("0123456789") == prefix]
