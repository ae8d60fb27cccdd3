"""The gate: nothing is trained before the gradients, the update and the evaluation have passed every check."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bnlab.config.gradient_checks import load_gate_settings
from bnlab.errors import CheckFailedError, ConfigError
from bnlab.files import write_json
from bnlab.gradients.backward_check import NetworkCheck, check_networks
from bnlab.gradients.images import first_images, standardized
from bnlab.gradients.inference_check import InferenceCheck, check_inference
from bnlab.gradients.kinks import NoSmoothDrawError
from bnlab.gradients.update_check import EPOCH, UpdateCheck, check_updates
from bnlab.paths import CONFIG, RESULTS

EXPLANATION = """\
relative: ||a - n|| / max(||a||, ||n||).
absolute: the largest |a - n|, where the true gradient is zero and a ratio of roundings would mean nothing:
of a bias before batch normalization, which the batch mean takes out again;
and, over two images, of everything below the last normalization, which makes them +1 and -1."""


def run_gate(data: str, *, config: Path = CONFIG, results: Path = RESULTS) -> None:
    """Check gradients, updates and evaluation on the images of a data set, and write results/gradients/<data>.json.

    Raises CheckFailedError, and writes nothing, unless everything agrees; ConfigError when there are too few images.
    """
    settings = load_gate_settings(config)
    images, labels = first_images(data, results=results)
    _check_number(data, len(images), settings)
    pixels = standardized(images)
    try:
        networks = check_networks(settings, pixels, labels)
        updates = check_updates(settings, pixels, labels)
    except NoSmoothDrawError as error:
        raise CheckFailedError(f"{error}. Lower margin, spread or batch in config/gradients/gate.yaml.") from None
    inference = check_inference(settings, images, labels)
    print(EXPLANATION)
    for line in _lines(networks, updates, inference):
        print(line)
    passed = [check.passed for checks in (networks, updates, inference) for check in checks]
    if not all(passed):
        raise CheckFailedError(
            "the gradients, the update or the evaluation are not what they should be (see FAILED above), so nothing "
            "may be trained. Correct src/bnlab/numerics or src/bnlab/training, or the settings in "
            "config/gradients/gate.yaml."
        )
    write_json(
        results / "gradients" / f"{data}.json",
        {
            "data": data,
            "settings": settings,
            "checks": [asdict(check) for check in networks],
            "updates": [asdict(check) for check in updates],
            "inference": [asdict(check) for check in inference],
        },
    )


def _check_number(data: str, found: int, settings: Mapping[str, Any]) -> None:
    """Raise ConfigError when a data set has fewer images than the gate's largest batch."""
    asked = max(condition["batch"] for condition in settings["conditions"])
    asked = max(asked, EPOCH * settings["updates"]["batch"], settings["inference"]["batch"])
    if found < asked:
        raise ConfigError(
            f"config/gradients/gate.yaml: its batches take {asked} images, but '{data}' has {found} to train on. Lower "
            "`batch` there."
        )


def _lines(networks: list[NetworkCheck], updates: list[UpdateCheck], inference: list[InferenceCheck]) -> Iterator[str]:
    for check in networks:
        settled = " ".join(f"{key} {value}" for key, value in check.condition.items())
        for array in check.arrays:
            yield (
                f"{_verdict(not array.failed)} {list(check.hidden)} bn {check.batch_norm} {settled} {array.array} "
                f"{array.measure} {_errors(array.errors)}"
            )
    for update in updates:
        yield (
            f"{_verdict(update.passed)} update bn {update.batch_norm} momentum {update.momentum} "
            f"restarts {update.momentum_restarts} affine {update.bn_affine} backward {update.backward} "
            f"relative {update.relative:.1e} absolute {update.absolute:.1e}"
        )
    for evaluation in inference:
        yield (
            f"{_verdict(evaluation.passed)} inference {list(evaluation.hidden)} bn {evaluation.batch_norm} "
            f"averages from {evaluation.initial_averages} scaling {evaluation.scaling} {_errors(evaluation.errors)}"
        )


def _verdict(passed: bool) -> str:
    return "ok    " if passed else "FAILED"


def _errors(errors: dict[str, float]) -> str:
    return " ".join(f"{name} {error:.1e}" for name, error in errors.items())
