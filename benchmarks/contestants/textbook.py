"""A plain NumPy loop as a student would write it: the formulas, and a new array for every result."""

import numpy as np

from benchmarks.contestants import Advance
from benchmarks.problem import BN_AVERAGE, BN_EPSILON, WEIGHT_DECAY, Data, Problem


def start(problem: Problem, data: Data) -> Advance:
    """Standardized as they are fetched."""
    mean, inverse_std = data.scaling
    initial = problem.initial(data.images.shape[1])
    p = {name: np.ascontiguousarray(array) for name, array in initial.named()}
    k = initial.network.n_layers
    averages: dict[str, np.ndarray] = {}
    orders = data.orders()
    one_hot = np.eye(10, dtype=problem.precision)

    def update(x: np.ndarray, y: np.ndarray, learning_rate: float) -> float:
        n = len(x)
        h, s_hat, variances = [x], [None], [None]
        for i in range(1, k + 1):
            s = h[-1] @ p[f"W{i}"] + p[f"b{i}"]
            if i == k:
                break
            if problem.batch_norm:
                mean, variance = s.mean(axis=0), s.var(axis=0)
                for name, value in ((f"mean{i}", mean), (f"variance{i}", variance)):
                    averages[name] = BN_AVERAGE * averages.get(name, value) + (1 - BN_AVERAGE) * value
                s_hat.append((s - mean) / np.sqrt(variance + BN_EPSILON))
                variances.append(variance)
                s = p[f"gamma{i}"] * s_hat[i] + p[f"beta{i}"]
            h.append(np.maximum(0, s))
        e = np.exp(s - s.max(axis=1, keepdims=True))
        probabilities = e / e.sum(axis=1, keepdims=True)
        loss = -np.mean(np.log(probabilities[np.arange(n), y]))

        grads = {}
        g = (probabilities - one_hot[y]) / n
        for i in range(k, 0, -1):
            grads[f"W{i}"] = h[i - 1].T @ g + 2 * WEIGHT_DECAY * p[f"W{i}"]
            grads[f"b{i}"] = g.sum(axis=0)
            if i == 1:
                break
            g = (g @ p[f"W{i}"].T) * (h[i - 1] > 0)
            if problem.batch_norm:
                j = i - 1
                grads[f"gamma{j}"] = np.sum(g * s_hat[j], axis=0)
                grads[f"beta{j}"] = g.sum(axis=0)
                g = g * p[f"gamma{j}"]
                g = (g - g.mean(axis=0) - s_hat[j] * np.mean(g * s_hat[j], axis=0)) / np.sqrt(variances[j] + BN_EPSILON)
        for name, gradient in grads.items():
            p[name] = p[name] - learning_rate * gradient
        return float(loss)

    def advance(count: int) -> list[float]:
        losses = []
        for _ in range(count):
            rows, learning_rate = next(orders)
            losses.append(update((data.images[rows] - mean) * inverse_std, data.labels[rows], learning_rate))
        return losses

    return advance
