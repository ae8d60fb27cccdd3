"""Where a data set of config/datasets.yaml comes from, and in which format."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Source:
    """path: a file or a folder, where `download`, addresses of files, are put unless they are there.

    labels: fine or coarse, of CIFAR-100.  test_images: how many are drawn for testing where the format holds no test
    part; 0 where it does.  classes: names of the labels 0, 1, ..., empty where the data name them or nobody does.
    """

    name: str
    format: str
    path: Path
    download: tuple[str, ...] = ()
    labels: str = "fine"
    test_images: int = 0
    classes: tuple[str, ...] = ()
