"""Independent random streams, one per purpose, derived from (seed, purpose) and never from run order."""

import numpy as np


def stream(seed: int, purpose: str) -> np.random.Generator:
    """The generator for one purpose ("split", "weights", "batches", ...) under one seed.

    Runs that share a seed share every stream, so a network with batch normalization and its twin without see
    the same split, the same batch order and the same initial weights.
    """
    entropy = [seed, int.from_bytes(purpose.encode(), "little")]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(entropy)))
