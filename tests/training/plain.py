"""The same training in textbook formulas: fresh arrays, no buffers, one explicit matrix per unit's BN gradient."""

import itertools
import math
from types import SimpleNamespace
from typing import Any

import numpy as np

from bnlab.data.splits import Split
from bnlab.runs.spec import Protocol, RunSpec
from bnlab.streams import stream


def course_learning_rate(update: int, low: float, high: float, n: int) -> float:
    """Cyclical learning rate as the course's assignment writes it, case by case."""
    cycle = update // (2 * n)
    if 2 * cycle * n <= update <= (2 * cycle + 1) * n:
        return low + (update - 2 * cycle * n) / n * (high - low)
    return high - (update - (2 * cycle + 1) * n) / n * (high - low)


def scaled(images: np.ndarray, split: Split, standardization: str) -> np.ndarray:
    """All images as a network sees them, those of each part scaled as the protocol says of that part."""
    pixels = images.astype(float)
    training, both = pixels[split.training], pixels[np.concatenate([split.training, split.validation])]
    match standardization:
        case "per_pixel":
            return (pixels - training.mean(axis=0)) / training.std(axis=0)
        case "scalar":
            return (pixels - both.mean()) / both.std()
        case "per_image":
            return np.stack([(image - image.mean()) / image.std() for image in pixels])
        case "per_part":
            x = pixels / 255
            for rows in filter(len, (split.training, split.validation)):
                x[rows] = x[rows] - x[rows].mean(axis=0)
            return x
    raise ValueError(standardization)


class Plain:
    """One training."""

    def __init__(self, tiny: SimpleNamespace, spec: RunSpec, protocol: Protocol, *, split: Split | None = None) -> None:
        """Take nothing from bnlab but the data, the settings, the rows of the split, and the random streams."""
        split = tiny.split if split is None else split
        self.spec, self.protocol, self.labels = spec, protocol, tiny.labels
        self.x = scaled(tiny.images, split, protocol.standardization)
        self.training, self.validation = split.training, split.validation
        widths = [3072, *spec.hidden, 10]
        random = stream(spec.seed, "weights")
        scale = {
            "he": lambda d_in, _: math.sqrt(2 / d_in),
            "fan_in": lambda d_in, _: 1 / math.sqrt(d_in),
            "xavier": lambda d_in, d_out: math.sqrt(2 / (d_in + d_out)),
        }
        std = scale.get(str(spec.initialization), lambda _, __: spec.initialization)
        self.theta: dict[str, np.ndarray] = {}
        self.average: dict[str, np.ndarray] = {}
        for i, (d_in, d_out) in enumerate(itertools.pairwise(widths), start=1):
            self.theta[f"W{i}"] = std(d_in, d_out) * random.standard_normal((d_in, d_out))
            self.theta[f"b{i}"] = np.zeros(d_out)
            if spec.batch_norm and i < len(widths) - 1:
                self.theta |= {f"gamma{i}": np.ones(d_out), f"beta{i}": np.zeros(d_out)}
                if protocol.bn_initial_averages == "zero_one":
                    self.average |= {f"mean{i}": np.zeros(d_out), f"variance{i}": np.ones(d_out)}
        self.n_layers = len(widths) - 1
        self.losses: list[float] = []
        self.states: list[tuple[dict[str, np.ndarray], dict[str, np.ndarray]]] = []

    def scores(self, x: np.ndarray, moments: Any) -> tuple[np.ndarray, list[dict[str, np.ndarray]]]:
        """Class scores, and what each hidden layer saw; `moments(i, s)` gives mean and variance."""
        seen = []
        for i in range(1, self.n_layers):
            s = x @ self.theta[f"W{i}"] + self.theta[f"b{i}"]
            layer = {"x": x, "s": s}
            if self.spec.batch_norm:
                mean, variance = moments(i, s)
                layer["std"] = np.sqrt(variance + self.protocol.bn_epsilon)
                layer["s_hat"] = (s - mean) / layer["std"]
                s = self.theta[f"gamma{i}"] * layer["s_hat"] + self.theta[f"beta{i}"]
            layer["mask"] = s > 0
            x = s * layer["mask"]
            seen.append(layer)
        seen.append({"x": x})
        return x @ self.theta[f"W{self.n_layers}"] + self.theta[f"b{self.n_layers}"], seen

    def batch_moments(self, i: int, s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The mini-batch's own mean and biased variance, which enter the averages."""
        for name, value in ((f"mean{i}", s.mean(axis=0)), (f"variance{i}", s.var(axis=0))):
            a = self.protocol.bn_decay
            self.average[name] = a * self.average[name] + (1 - a) * value if name in self.average else value
        return s.mean(axis=0), s.var(axis=0)

    def averages(self, i: int, _: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The moving averages."""
        return self.average[f"mean{i}"], self.average[f"variance{i}"]

    def gradient(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """The gradient of the cost on a mini-batch, whose loss is noted."""
        n, y = len(rows), self.labels[rows]
        scores, seen = self.scores(self.x[rows], self.batch_moments)
        p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        self.losses.append(float(-np.log(p[np.arange(n), y]).mean()))
        # Evaluations happen between the forward and the backward pass of an update.
        self.states.append(({k: v.copy() for k, v in self.theta.items()}, dict(self.average)))
        if self.protocol.backward == "unnormalized_activations" and self.spec.batch_norm:
            self.forget(seen)
        g = (p - np.eye(10)[y]) / n
        gradient = {}
        for i in range(self.n_layers, 0, -1):
            layer = seen[i - 1]
            if i < self.n_layers:
                g = g * layer["mask"]
                if self.spec.batch_norm:
                    gradient |= {f"gamma{i}": (g * layer["s_hat"]).sum(axis=0), f"beta{i}": g.sum(axis=0)}
                    g = np.stack([self.through_batch_norm(i, unit, layer, g) for unit in range(g.shape[1])], axis=1)
            decay = 2 * self.spec.weight_decay * self.theta[f"W{i}"]
            gradient |= {f"W{i}": layer["x"].T @ g + decay, f"b{i}": g.sum(axis=0)}
            g = g @ self.theta[f"W{i}"].T
        return gradient

    @staticmethod
    def forget(seen: list[dict[str, np.ndarray]]) -> None:
        """Take masks, and the inputs of the layers above, from pre-activations that were not normalized."""
        for below, above in itertools.pairwise(seen):
            below["mask"] = below["s"] > 0
            above["x"] = np.where(below["s"] > 0, below["s"], 0)

    def through_batch_norm(self, i: int, unit: int, layer: dict[str, np.ndarray], g: np.ndarray) -> np.ndarray:
        """The Jacobian of one unit's standardization, n x n, applied to its gradient."""
        n, s_hat = len(g), layer["s_hat"][:, unit]
        jacobian = (np.eye(n) - np.ones((n, n)) / n - np.outer(s_hat, s_hat) / n) / layer["std"][unit]
        return jacobian @ (self.theta[f"gamma{i}"][unit] * g[:, unit])

    def batches(self) -> list[np.ndarray]:
        """The mini-batches of the whole schedule, epoch by epoch."""
        schedule, size = self.protocol.schedule, self.protocol.batch_size
        random = stream(self.spec.seed, "batches")
        updates = 2 * schedule.step * schedule.cycles
        batches: list[np.ndarray] = []
        while len(batches) < updates:
            rows = self.training if self.protocol.shuffling == "none" else random.permutation(self.training)
            epoch = [rows[start : start + size] for start in range(0, len(rows), size)]
            batches += [rows for rows in epoch if len(rows) == size]
        return batches[:updates]

    def train(self) -> "Plain":
        """All updates of the schedule."""
        schedule = self.protocol.schedule
        epoch = len(self.training) // self.protocol.batch_size
        velocity = {name: np.zeros_like(value) for name, value in self.theta.items()}
        for update, rows in enumerate(self.batches()):
            if self.protocol.momentum_restarts and update % epoch == 0:
                velocity = {name: np.zeros_like(value) for name, value in self.theta.items()}
            gradient = self.gradient(rows)
            rate = course_learning_rate(update, schedule.minimum, schedule.maximum, schedule.step)
            rate = rate if self.spec.learning_rate is None else self.spec.learning_rate
            for _ in range(update // epoch):
                rate = rate * schedule.decay
            for name in self.theta:
                if name.startswith(("gamma", "beta")) and not self.protocol.bn_affine:
                    continue
                velocity[name] = self.protocol.momentum * velocity[name] + gradient[name]
                self.theta[name] = self.theta[name] - rate * velocity[name]
        self.states.append((self.theta, self.average))
        return self

    def evaluate(self, update: int, rows: np.ndarray) -> tuple[float, float, float]:
        """Loss, cost and accuracy after some updates, with the averages of that moment."""
        last = self.theta, self.average
        self.theta, self.average = self.states[update]
        scores, _ = self.scores(self.x[rows], self.averages)
        penalty = self.spec.weight_decay * sum((v**2).sum() for k, v in self.theta.items() if k.startswith("W"))
        self.theta, self.average = last
        log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        loss = float(-log_p[np.arange(len(rows)), self.labels[rows]].mean())
        return loss, loss + float(penalty), float((scores.argmax(axis=1) == self.labels[rows]).mean())
