"""JAX on the CPU: a jitted update with its buffers donated; or scan, one compiled loop over several updates.

The mode "scan standardized" finds all images standardized in memory.
"""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.contestants import AT_ONCE, Advance
from benchmarks.problem import BN_AVERAGE, BN_EPSILON, WEIGHT_DECAY, Data, Problem


def start(problem: Problem, data: Data, *, mode: str) -> Advance:
    """XLA takes as many threads as the process has cores: the worker leaves it one."""
    jax.config.update("jax_enable_x64", True)
    initial = problem.initial(data.images.shape[1])
    hidden = initial.network.widths[1:-1] if problem.batch_norm else ()
    state = (
        {name: jnp.array(np.ascontiguousarray(array)) for name, array in initial.named()},
        [(jnp.zeros(d, problem.precision), jnp.ones(d, problem.precision)) for d in hidden],
    )
    scaling = None if "standardized" in mode else tuple(map(jnp.asarray, data.scaling))
    images = jnp.asarray(data.images if scaling else data.standardized)
    images_and_labels = images, jnp.asarray(data.labels.astype(np.int32))
    loop = _scan if mode.startswith("scan") else _update
    compiled = jax.jit(partial(loop, initial.network.n_layers, scaling), donate_argnums=0)
    inputs = _inputs(problem, data)

    def advance(count: int) -> list[float]:
        nonlocal state
        losses = []
        if mode.startswith("scan"):
            for _ in range(count // AT_ONCE):
                rows, rates, keep = map(np.stack, zip(*islice(inputs, AT_ONCE), strict=True))
                state, loss = compiled(state, images_and_labels, (rows, rates, keep))
                losses += np.asarray(loss).tolist()
            return losses
        for one in islice(inputs, count):
            state, loss = compiled(state, images_and_labels, one)
            losses.append(float(loss))
        return losses

    return advance


def _inputs(problem: Problem, data: Data) -> Iterator[tuple[Any, ...]]:
    """Rows, learning rate, and what the moving averages keep: nothing before the first mini-batch."""
    number = np.dtype(problem.precision).type
    keep = 0.0
    for rows, learning_rate in data.orders():
        yield rows, number(learning_rate), number(keep)
        keep = BN_AVERAGE


def _scan(n_layers: int, scaling: Any, state: Any, data: Any, inputs: Any) -> Any:
    return jax.lax.scan(lambda carry, one: _update(n_layers, scaling, carry, data, one), state, inputs)


def _update(n_layers: int, scaling: Any, state: Any, data: Any, inputs: Any) -> Any:
    parameters, averages = state
    images, labels = data
    rows, learning_rate, keep = inputs
    x, y = jnp.take(images, rows, axis=0, mode="clip"), labels[rows]
    if scaling:
        mean, inverse_std = scaling
        x = (x.astype(mean.dtype) - mean) * inverse_std
    (_, (loss, moments)), gradients = jax.value_and_grad(_cost, argnums=1, has_aux=True)(n_layers, parameters, x, y)
    parameters = {name: value - learning_rate * gradients[name] for name, value in parameters.items()}
    averages = jax.tree.map(lambda average, value: keep * average + (1 - keep) * value, averages, moments)
    return (parameters, averages), loss


def _cost(n_layers: int, p: Any, x: Any, y: Any) -> Any:
    moments = []
    h = x
    for i in range(1, n_layers + 1):
        s = h @ p[f"W{i}"] + p[f"b{i}"]
        if i == n_layers:
            break
        if f"gamma{i}" in p:
            mean, variance = s.mean(axis=0), s.var(axis=0)
            moments.append((mean, variance))
            s = p[f"gamma{i}"] * ((s - mean) * jax.lax.rsqrt(variance + BN_EPSILON)) + p[f"beta{i}"]
        h = jax.nn.relu(s)
    loss = -jnp.mean(jax.nn.log_softmax(s)[jnp.arange(len(y)), y])
    penalty = WEIGHT_DECAY * sum(jnp.vdot(p[f"W{i}"], p[f"W{i}"]) for i in range(1, n_layers + 1))
    return loss + penalty, (loss, moments)
