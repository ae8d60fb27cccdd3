"""A data set as runs know it: by the digest of its content, whatever file it came from, and by its size."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DataSet:
    """A data set by its name in the configuration, with its title in words.

    digest: that `data.prepared` gives to the right content; a part of every run's name.  training_images: how many can
    be split.  pixels: numbers of one image, over all its channels.
    """

    name: str
    title: str
    digest: str
    training_images: int
    pixels: int
    classes: int


CIFAR10 = DataSet(
    "cifar10", "CIFAR-10", "2f02b7e0236c475c55f2101accc84ea0e8fadfe09e8b94c27c9205027870bd8d", 50_000, 3072, 10
)
GENERATED = DataSet(
    "generated", "generated images", "79c282c448d5d274d2ba9a4d8f8270f64cb48f00982b2b882e16e7287ae173f6", 6_000, 3072, 10
)
"""After an edit of the generator (bnlab.data.generate) put the digest that `bnlab prepare generated` finds here: the
runs on generated images then get new names and are trained anew."""
BUILT_IN = {one.name: one for one in (CIFAR10, GENERATED)}
"""What needs no entry in config/datasets.yaml."""
