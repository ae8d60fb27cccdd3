"""Random parameters at which the cost is smooth on the scale of a difference's step.

ReLU has a kink: where a pre-activation passes zero between two evaluations, their difference averages two slopes and
is wrong by up to half the change of slope, whatever the backward pass does. Batch normalization has a pole: it divides
by a unit's standard deviation over the batch, and where a few images happen to nearly agree in a unit, the cost bends
on the scale of that deviation. A tolerance that lets either pass lets mistakes pass as well. So the parameters are
drawn again, from the same seeded stream, until every pre-activation of every image keeps a margin from zero and every
unit a spread over the batch; and again whenever a ReLU has switched all the same in one of the evaluations
(`Cost.switches`), since deep layers amplify a step. None of this looks at a gradient.
"""

from collections.abc import Iterator

import numpy as np

from bnlab.gradients.objective import Cost
from bnlab.numerics.arrays import Array, Labels
from bnlab.numerics.initialize import initialize
from bnlab.numerics.parameters import Network, Parameters

DRAWS = 5000  # at most, a forward pass each


class NoSmoothDrawError(ValueError):
    """No parameters were found at which the cost is smooth enough."""


def random_parameters(network: Network, random: np.random.Generator) -> Parameters:
    """He normal weights; b, gamma and beta normal about their initial values, at which some mistakes do not show."""
    parameters = Parameters.zeros(network, np.float64)
    initialize(parameters, "he", random)
    undecayed = parameters.flat[parameters.weights_flat.size :]
    undecayed += 0.5 * random.standard_normal(undecayed.size)
    return parameters


def smooth_costs(
    network: Network,
    x: Array,
    labels: Labels,
    *,
    weight_decay: float,
    margin: float,
    spread: float,
    random: np.random.Generator,
) -> Iterator[tuple[Cost, int]]:
    """Costs at parameters that keep the margin and the spread, each with the number of draws rejected before it.

    Take the next when a ReLU has switched. Raises NoSmoothDrawError after DRAWS draws.
    """
    for rejected in range(DRAWS):
        cost = Cost(random_parameters(network, random), x, labels, weight_decay=weight_decay)
        if cost.margin >= margin and cost.spread >= spread:
            yield cost, rejected
    raise NoSmoothDrawError(
        f"hidden layers {list(network.widths[1:-1])}, batch_norm {network.batch_norm}, {len(x)} images: at none of "
        f"{DRAWS} random draws of the parameters did every pre-activation keep {margin:g} from zero and every unit a "
        f"spread of {spread:g}, with no ReLU switching between the evaluations"
    )
