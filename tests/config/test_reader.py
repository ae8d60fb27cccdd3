"""What a user writes is read strictly, and every mistake is answered with the file, the key and what belongs there."""

import itertools
import json
import re
import shutil
import time
from collections.abc import Callable, Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from bnlab.config import reader
from bnlab.config.gradient_checks import Gate, load_gate_settings, load_overfit_settings, load_step_sizes_settings
from bnlab.config.reader import read_yaml, with_defaults, yaml_float
from bnlab.config.studies import Configuration, check_selection, load_configuration
from bnlab.config.study_file import StudyFile
from bnlab.config.violations import check
from bnlab.errors import ConfigError
from bnlab.runs.names import parse_run_name
from bnlab.runs.spec import Protocol

COMMITTED = Path(__file__).parents[2] / "config"
OFFICIAL, PROTOCOLS = "studies/official.yaml", "protocols.yaml"
GONE = "<deleted>"
"""In place of a value: the key is deleted."""


def cases(rows: Iterable[tuple[Any, ...]]) -> list[Any]:
    """Rows of a table as parameters, each with a short id of its first one or two columns."""
    params = []
    for row in rows:
        place = ".".join(map(str, row[0])) if isinstance(row[0], tuple) else f"{row[0]!a}"
        name = (f"{place}={row[1]!a}" if len(row) > 2 else place)[:70]
        params.append(pytest.param(*row, id=name))
    return params


def put(content: Any, place: tuple[str | int, ...], value: Any) -> None:
    """Set (or delete) content[place[0]][place[1]]..."""
    for step in place[:-1]:
        content = content[step]
    if value == GONE:
        del content[place[-1]]
    else:
        content[place[-1]] = value


def edit(folder: Path, file: str, *edits: tuple[tuple[str | int, ...], Any]) -> None:
    """Change a YAML file; text is written without quotes, so that "1e-3" is spelled as a user would.

    A study's defaults are filled into its experiments first, so that every key is there to be changed.
    """
    content = yaml.safe_load((folder / file).read_text())
    if file.startswith("studies/"):
        content = json.loads(
            json.dumps(with_defaults(content, "experiments", source="study"))
        )  # so that nothing is shared
    for place, value in edits:
        put(content, place, value)
    (folder / file).write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A copy of the committed configuration, to be edited."""
    return Path(shutil.copytree(COMMITTED, tmp_path / "config"))


@pytest.fixture(scope="module")
def committed() -> Configuration:
    """The committed configuration."""
    return load_configuration(COMMITTED)


def message_of(load: Callable[[], Any]) -> str:
    """What the ConfigError says that `load` must raise."""
    with pytest.raises(ConfigError) as caught:
        load()
    return str(caught.value)


# --- YAML ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    cases(
        [
            ("a: 1\nb: 2\na: 3\n", "the key 'a' stands here twice"),
            ("a: {b: 1, b: 1}\n", "the key 'b' stands here twice"),
            ("a: {0.01: 1, 0.010: 1}\n", "the key '0.010' stands here twice"),
            ("a: {yes: 1, true: 1}\n", "the key 'true' stands here twice"),
            ("a: &x [1]\nb: *x\n", "aliases (*name) are not allowed here"),
            ("a: &x {b: 1}\nc:\n  <<: *x\n", "aliases (*name) are not allowed here"),
            ("a: &x\n  b: *x\n", "aliases (*name) are not allowed here"),
            ("a:\n\t- 1\n", r"found character '\t'"),
            ("a: [1, 2\n", "expected ',' or ']'"),
            ("a: 'b\n", "while scanning a quoted scalar"),
            ("a: b: c\n", "mapping values are not allowed here"),
            ("a: 1\n---\nb: 2\n", "expected a single document"),
            ("a: !!python/object/apply:os.system [id]\n", "could not determine a constructor"),
            ("__use_yte__: !!python/name:os.system\n", "could not determine a constructor"),
            ("a: \x00\n", "special characters are not allowed"),
            ("? [a, b]\n: 1\n", "found a list or a mapping as a key, expected text or a number"),
            ("? {a: b}\n: 1\n", "found a list or a mapping as a key, expected text or a number"),
            ("a: 2020-13-45\n", ""),
            ("a: !!int x\n", ""),
            ("a: !!bool x\n", ""),
            ("a: !!timestamp x\n", ""),
            ("a: !!int\n", ""),
            ("a: " + "9" * 5000 + "\n", ""),
            ("a: " + "[" * 3000, ""),
        ]
    ),
)
def test_what_strict_yaml_refuses(tmp_path: Path, text: str, said: str) -> None:
    """Repeated keys, aliases, tags, tabs, broken syntax and numbers or dates that are none: errors naming the file."""
    path = tmp_path / "x.yaml"
    path.write_text(text)
    message = message_of(lambda: read_yaml(path))
    assert message.startswith(f"{path}: is not valid YAML.")
    assert said in message


@pytest.mark.parametrize("text", ["a: 010\n", "a: 1:30\n"])
def test_numbers_that_do_not_say_what_they_seem_to(config: Path, text: str) -> None:
    """YAML 1.1 reads 010 as 8 and 1:30 as 90: no number is taken for another than a reader sees."""
    path = config / PROTOCOLS
    path.write_text(re.sub("batch_size: .*", text.strip().replace("a:", "batch_size:"), path.read_text(), count=1))
    assert "batch_size" in message_of(lambda: load_configuration(config))


def test_an_alias_bomb_goes_off_at_once(tmp_path: Path) -> None:
    """A file of 1 kB that stands for 10^9 values is refused at its first alias, in no time."""
    levels = "abcdefghij"
    lines = [f"{levels[0]}: &{levels[0]} [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]" for a, b in itertools.pairwise(levels)]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join(lines))
    started = time.perf_counter()
    assert "line 2" in message_of(lambda: read_yaml(path))
    assert time.perf_counter() - started < 1


def test_a_mistake_in_yaml_is_located(tmp_path: Path) -> None:
    """The message gives the line of a repeated key."""
    path = tmp_path / "x.yaml"
    path.write_text("a: 1\nb: 2\na: 3\n")
    assert "line 3, column 1" in message_of(lambda: read_yaml(path))


def test_files_that_cannot_be_read(tmp_path: Path, config: Path) -> None:
    """A missing file, a folder in its place and bytes that are no text are errors naming the path."""
    assert message_of(lambda: read_yaml(tmp_path / "no.yaml")) == (
        f"{tmp_path / 'no.yaml'}: cannot be read (No such file or directory)."
    )
    assert "cannot be read (Is a directory)" in message_of(lambda: read_yaml(tmp_path))
    (tmp_path / "latin.yaml").write_bytes("a: Å\n".encode("latin-1"))
    assert "latin.yaml: is not valid YAML" in message_of(lambda: read_yaml(tmp_path / "latin.yaml"))
    (config / PROTOCOLS).unlink()
    assert str(config / PROTOCOLS) in message_of(lambda: load_configuration(config))


@pytest.mark.parametrize("text", ["", "[]", "5", "official: 5", "official:\n"])
def test_protocols_are_a_mapping_of_mappings(config: Path, text: str) -> None:
    """Anything else in protocols.yaml is refused before its content is looked at."""
    (config / PROTOCOLS).write_text(text)
    message = message_of(lambda: load_configuration(config))
    assert message == f"{config / PROTOCOLS}: expected a mapping of protocol names to their settings."


@pytest.mark.parametrize("text", ["", "[]", "text"])
def test_a_study_is_a_mapping(config: Path, text: str) -> None:
    """Anything else in a study's file is refused."""
    (config / OFFICIAL).write_text(text)
    assert f"{config / OFFICIAL}: found " in (message := message_of(lambda: load_configuration(config)))
    assert "expected a mapping" in message


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_suggested_spelling_loads_as_that_number(value: float) -> None:
    """What the hint on numbers read as text suggests is read as a float, and as the same one."""
    loaded = yaml.safe_load(yaml_float(value))
    assert isinstance(loaded, float)
    assert loaded == value


def test_the_hint_on_1e3_does_not_lead_in_a_circle(config: Path) -> None:
    """Both 1e3 and 1.0e3 are text to YAML 1.1; the hint names the spelling that is not."""
    for text in ("1e3", "1.0e3"):
        edit(config, PROTOCOLS, (("official", "momentum"), text))
        assert "without quotes: 1.0e+3." in message_of(lambda: load_configuration(config))


# --- the content --------------------------------------------------------------------------------------------------

HINT = "write it with a dot, a signed exponent and without quotes: 1.0e-"
NUMBERS = "expected a list of numbers >= 0, or one of the other forms in docs/adding-a-study.md"
SIGMA = "expected he, fan_in, xavier, or a standard deviation > 0"
ALL_STUDIES = "anon, banaei2022, demo, falk2024, fan2017, official, saccardi2022, short"
NAME = "lower-case letters, digits, '_' and '-'"

SPACED = ("experiments", 6, "weight_decay", "log_spaced")

BAD_PROTOCOLS: list[tuple[tuple[str | int, ...], Any, list[str]]] = [
    (("official", "momentun"), 0.9, ["official: 'momentun' is not a key here. Did you mean 'momentum'?", "bn_decay"]),
    (("official", "colour"), 1, ["official: 'colour' is not a key here. Known keys: backward, batch_size, bn_affine,"]),
    (
        ("official", "schedule", "setp"),
        1,
        ["official: schedule: 'setp' is not a key here. Did you mean 'step'?", "Known keys: cycles, decay, maximum,"],
    ),
    (("short", "schedule", "cycle"), 1, ["short: schedule: 'cycle' is not a key here. Did you mean 'cycles'?"]),
    (("official", "training"), GONE, ["official: missing 'training'"]),
    (("official", "schedule", "step"), GONE, ["official: schedule: missing 'step'"]),
    (("official", "schedule"), 5, ["official: schedule: found 5, expected a mapping"]),
    (("official", "training"), "many", ["official: training: found 'many', expected a whole number"]),
    (("official", "training"), 45000.0, ["official: training: found 45000.0, expected a whole number"]),
    (("official", "training"), True, ["official: training: found True, expected a whole number"]),
    (("official", "training"), None, ["official: training: found None, expected a whole number"]),
    (("official", "training"), [45000], ["official: training: found [45000], expected a whole number"]),
    (("official", "training"), 0, ["official: training: found 0, expected at least 1"]),
    (("official", "validation"), -1, ["official: validation: found -1, expected at least 0"]),
    (("official", "momentum"), False, ["official: momentum: found False, expected a finite number"]),
    (("official", "momentum"), float("nan"), ["official: momentum: found nan, expected a finite number"]),
    (("official", "momentum"), 1, ["official: momentum: found 1, expected less than 1"]),
    (("official", "momentum"), -0.1, ["official: momentum: found -0.1, expected at least 0"]),
    (("official", "bn_decay"), 1.0, ["official: bn_decay: found 1.0, expected less than 1"]),
    (("official", "bn_epsilon"), -1e-9, ["official: bn_epsilon: found -1e-09, expected at least 0"]),
    (("official", "bn_epsilon"), float("inf"), ["official: bn_epsilon: found inf, expected a finite number"]),
    (("official", "bn_epsilon"), 10**400, ["official: bn_epsilon: found 1000", "expected a finite number"]),
    (
        ("official", "schedule", "minimum"),
        "1e-5",
        ["official: schedule.minimum: found '1e-5', expected a finite number", "YAML reads 1e-5 as text", HINT],
    ),
    (("official", "schedule", "minimum"), "low", ["official: schedule.minimum: found 'low', expected a finite number"]),
    (("official", "schedule", "minimum"), -1e-5, ["official: schedule.minimum: found -1e-05, expected at least 0"]),
    (
        ("official", "schedule", "minimum"),
        0.2,
        ["official: schedule.minimum: found 0.2, expected at most schedule.maximum = 0.1"],
    ),
    (("official", "schedule", "maximum"), 0, ["official: schedule.maximum: found 0, expected more than 0"]),
    (
        ("official", "schedule", "maximum"),
        float("-inf"),
        ["official: schedule.maximum: found -inf, expected a finite number"],
    ),
    (("official", "schedule", "step"), 0, ["official: schedule.step: found 0, expected at least 1"]),
    (("official", "schedule", "cycles"), -2, ["official: schedule.cycles: found -2, expected at least 1"]),
    (("official", "curve_points"), 1, ["official: curve_points: found 1, expected at least 2"]),
    (
        ("official", "data"),
        "cifar11",
        ["official: data: found 'cifar11', expected one of cifar10, cifar100,", "Did you mean 'cifar10'?"],
    ),
    (
        ("official", "data"),
        "cifar100",
        ["official: data: cifar100 has no digest and size in config/datasets.yaml yet", "`bnlab prepare cifar100`"],
    ),
    (("official", "data"), 10, ["official: data: found 10, expected one of cifar10"]),
    (
        ("official", "schedule", "decay"),
        1.5,
        ["official: schedule.decay: found 1.5, expected at most 1"],
    ),
    (("official", "split"), "randon", ["official: split: found 'randon'", "validation_first. Did you mean 'random'?"]),
    (("official", "precision"), "float16", ["official: precision: found 'float16', expected one of float64, float32"]),
    (
        ("official", "training"),
        45001,
        ["official: training + validation: found 45001 + 5000, expected at most 50000", "training images of cifar10"],
    ),
    (
        ("demo", "validation"),
        1001,
        ["demo: training + validation: found 5000 + 1001, expected at most 6000", "training images of generated"],
    ),
    (("official", "batch_size"), 45001, ["official: batch_size: found 45001, expected at most training = 45000"]),
    (("official", "curve_points"), 4502, ["official: curve_points: found 4502, expected at most 4501"]),
    (("official", "probe"), 0, ["official: probe: found 0, expected at least 1"]),
    (
        ("official", "probe"),
        5 * 10**9,
        ["official: probe: found 5000000000, expected at most 45000, the images of the"],
    ),
    (("official", "schedule", "maximum"), 1e308, ["official: schedule.maximum: found 1e+308, expected at most 1e+06"]),
    (("official", "shuffling"), True, ["official: shuffling: found True, expected one of every_epoch, none"]),
    (("official", "shuffling"), None, ["official: shuffling: found None, expected one of every_epoch, none"]),
    (("official", "momentum_restarts"), 1, ["official: momentum_restarts: found 1, expected true or false"]),
    (("official", "bn_affine"), "none", ["official: bn_affine: found 'none', expected true or false"]),
    (
        ("official", "backward"),
        "unnormalised_activations",
        [
            "official: backward: found",
            "one of exact, unnormalized_activations. Did you mean 'unnormalized_activations'",
        ],
    ),
    (
        ("official", "bn_initial_averages"),
        "zero",
        ["bn_initial_averages: found 'zero', expected one of first_batch, zero_one"],
    ),
    (
        ("official", "standardization"),
        "per_images",
        ["standardization: found 'per_images', expected one of per_pixel, scalar, per_part", "mean 'per_image'?"],
    ),
    (
        ("official", "standardization"),
        "per_part",
        ["official: standardization: found per_part, whose parts are files", "official_order or validation_first"],
    ),
    (("short", "defaults"), "offical", ["short.defaults: found 'offical', expected one of official, short, demo,"]),
    (("short", "defaults"), "short", ["short defaults to short: a circle"]),
    (
        ("short", "defaults"),
        ["official"],
        ["short.defaults: found ['official'], expected one of official, short, demo"],
    ),
    (("short", "defaults"), 5, ["short.defaults: found 5, expected one of official, short, demo"]),
    *(
        ((name,), {"defaults": "official"}, [f"found the protocol name {name!r}, expected {NAME}"])
        for name in ("../evil", "..", "a/b", "$(id)", "a b", "a;b", "Big", "9a", "", "a" * 41, "a\n", False, 5)
    ),
]

BAD_STUDIES: list[tuple[tuple[str | int, ...], Any, list[str]]] = [
    (("titel",), "x", ["'titel' is not a key here. Did you mean 'title'? Known keys: expectations, experiments,"]),
    (("experiments",), GONE, ["missing 'experiments'"]),
    (("experiments",), [], ["experiments: "]),
    (
        ("experiments", 2, "sedes"),
        1,
        ["experiments[2]: 'sedes' is not a key here. Did you mean 'seeds'? Known keys: batch_norm, figures, id,"],
    ),
    (("experiments", 0, "networks"), [[50_000_000]], ["networks[0][0]: found 50000000, expected at most 100000"]),
    (
        ("experiments", 0, "networks"),
        [[50], [10] * 80],
        ["experiments[0].networks[1]: found 80 layers, whose widths have 239 characters together, expected at most"],
    ),
    (("experiments", 0, "networks"), [[2] * 101], ["experiments[0].networks[0]: found 101 layers"]),
    (("experiments", 0, "learning_rate"), [1e308], ["learning_rate[0]: found 1e+308, expected at most 1000000"]),
    (
        ("expectations", 0, "cells", "network"),
        [51, 50],
        ["expectations[0].cells: found", "network [51, 50]", "no run of"],
    ),
    (("expectations", 0, "cells", "weight_decay"), 0.77, ["expectations[0].cells: found", "weight_decay 0.77, which"]),
    (("experiments", 0, "seeds"), 0, ["experiments[0].seeds: found 0, expected at least 1"]),
    (("experiments", 0, "seeds"), [2, 2], ["experiments[0].seeds: found [2, 2], expected values that differ"]),
    (("experiments", 0, "seeds"), [0], ["experiments[0].seeds[0]: found 0, expected at least 1"]),
    (("experiments", 0, "seeds"), True, ["experiments[0].seeds: found True, expected a whole number"]),
    (
        ("experiments", 0, "protocol"),
        "offical",
        ["experiments[0].protocol: found 'offical', expected one of banaei2022,"],
    ),
    (("experiments", 0, "protocol"), 5, ["experiments[0].protocol: found 5, expected text"]),
    (("experiments", 0, "networks"), [], ["experiments[0].networks: "]),
    (("experiments", 0, "networks"), [50, 50], ["experiments[0].networks[0]: found 50, expected a list"]),
    (("experiments", 0, "networks", 0, 1), 0, ["experiments[0].networks[0][1]: found 0, expected at least 1"]),
    (
        ("experiments", 0, "networks", 0, 1),
        20.0,
        ["experiments[0].networks[0][1]: found 20.0, expected a whole number"],
    ),
    (("experiments", 0, "networks", 0), [], ["experiments[0]", "without hidden layers", "set batch_norm: false"]),
    (
        ("experiments", 0, "networks"),
        [[5], [5]],
        ["networks: found [[5], [5]], expected values that differ"],
    ),
    (("experiments", 0, "batch_norm"), True, ["experiments[0].batch_norm: found True, expected a list"]),
    (("experiments", 0, "batch_norm", 1), 1, ["experiments[0].batch_norm[1]: found 1, expected true or false"]),
    (("experiments", 0, "batch_norm", 1), "on ", ["experiments[0].batch_norm[1]: found 'on ', expected true or false"]),
    (
        ("experiments", 0, "batch_norm", 1),
        False,
        ["batch_norm: found [False, False], expected values that differ"],
    ),
    (("experiments", 2, "initialization", 0), "hee", [f"experiments[2].initialization[0]: found 'hee', {SIGMA}"]),
    (("experiments", 2, "initialization", 0), 0, [f"experiments[2].initialization[0]: found 0, {SIGMA}"]),
    (("experiments", 2, "initialization", 0), -0.1, [f"experiments[2].initialization[0]: found -0.1, {SIGMA}"]),
    (("experiments", 2, "initialization", 0), True, [f"experiments[2].initialization[0]: found True, {SIGMA}"]),
    (("experiments", 2, "initialization", 0), float("nan"), [f"experiments[2].initialization[0]: found nan, {SIGMA}"]),
    (("experiments", 2, "initialization", 0), "1e-3", ["experiments[2].initialization[0]: found '1e-3'", SIGMA, HINT]),
    (
        ("experiments", 2, "initialization", 0),
        0.001,
        ["initialization: found [0.001, 0.001", "values that differ"],
    ),
    (("experiments", 0, "weight_decay"), [-0.1], ["experiments[0].weight_decay[0]: found -0.1, expected at least 0"]),
    (("experiments", 0, "weight_decay"), [], [f"experiments[0].weight_decay: found [], {NUMBERS}"]),
    (("experiments", 0, "weight_decay"), 0.1, [f"experiments[0].weight_decay: found 0.1, {NUMBERS}"]),
    (("experiments", 0, "weight_decay"), [True], ["experiments[0].weight_decay[0]: found True, expected a finite"]),
    (("experiments", 0, "weight_decay"), [float("nan")], ["experiments[0].weight_decay[0]: found nan, expected a"]),
    (
        ("experiments", 0, "weight_decay"),
        [1, 1.0],
        ["weight_decay: found [1, 1.0], expected values that differ"],
    ),
    (("experiments", 0, "weight_decay"), "1e-3", ["experiments[0].weight_decay: found '1e-3'", NUMBERS, HINT]),
    (("experiments", 0, "weight_decay"), ["1e-3"], ["experiments[0].weight_decay[0]: found '1e-3'", HINT]),
    (SPACED, [0.1], ["experiments[6].weight_decay.log_spaced: found [0.1], expected a mapping"]),
    ((*SPACED, "from"), "1e-5", ["experiments[6].weight_decay.log_spaced.from: found '1e-5', expected a", HINT]),
    ((*SPACED, "from"), 0, ["experiments[6].weight_decay.log_spaced.from: found 0, expected more than 0"]),
    ((*SPACED, "count"), 1, ["experiments[6].weight_decay.log_spaced.count: found 1, expected at least 2"]),
    ((*SPACED, "cuont"), 1, ["experiments[6].weight_decay.log_spaced: 'cuont' is not a key", "Did you mean 'count'?"]),
    ((*SPACED, "to"), 1.7976931348623157e308, ["experiments[6]"]),
    ((*SPACED, "from"), 0.1, ["experiments[6].weight_decay"]),
    (
        ("experiments", 0, "figures"),
        ["curve"],
        ["experiments[0].figures[0]: found 'curve', expected one of confusion, curves,"],
    ),
    (("experiments", 0, "figures"), ["curves", "curves"], ["experiments[0].figures", "expected values that differ"]),
    (("experiments", 0, "id"), "initialization", ["experiments[2].id: 'initialization' stands here twice"]),
    *(
        (("experiments", 2, "id"), name, [f"experiments[2].id: found {name!r}, expected a name of {NAME}"])
        for name in ("../evil", "..", "a/b", "$(id)", "a b", "a;b", "Big", "9a", "", "a" * 41, "a\n")
    ),
    (("experiments", 2, "id"), False, [f"experiments[2].id: found False, expected a name of {NAME}"]),
    (
        ("expectations", 0, "cells", "experiment"),
        "dept",
        ["expectations[0].cells.experiment: found 'dept'", "three_layers, nine_layers, initialization,"],
    ),
    (("expectations", 0, "cells", "netwrok"), [50], ["expectations[0].cells: 'netwrok' is not a key here", "network"]),
    (("expectations", 0, "cells", "batch_norm"), 1, ["expectations[0].cells.batch_norm: found 1, expected true or"]),
    (("expectations", 0, "metric"), "test_acuracy", ["expectations[0].metric: found 'test_acuracy', expected one of"]),
    (("expectations", 0, "of"), "each", ["expectations[0].of: found 'each', expected one of every_seed, mean"]),
    (("expectations", 0, "between"), [0.5], ["expectations[0].between: "]),
    (("expectations", 0, "between", 0), "low", ["expectations[0].between[0]: found 'low', expected a finite number"]),
    (("expectations", 0, "between"), [0.6, 0.5], ["expectations[0].between: found [0.6, 0.5]"]),
]


@pytest.mark.parametrize(("place", "value", "said"), cases(BAD_PROTOCOLS))
def test_mistakes_in_protocols(config: Path, place: tuple[str | int, ...], value: Any, said: list[str]) -> None:
    """One wrong value in protocols.yaml: the message has the file, the key, what was found and what was expected."""
    edit(config, PROTOCOLS, (place, value))
    message = message_of(lambda: load_configuration(config))
    assert message.startswith(f"{config / PROTOCOLS}: ")
    for text in said:
        assert text in message


@pytest.mark.parametrize(("place", "value", "said"), cases(BAD_STUDIES))
def test_mistakes_in_studies(config: Path, place: tuple[str | int, ...], value: Any, said: list[str]) -> None:
    """One wrong value in a study: the message has the file, the key, what was found and what was expected."""
    edit(config, OFFICIAL, (place, value))
    message = message_of(lambda: load_configuration(config))
    assert message.startswith(f"{config / OFFICIAL}: ")
    for text in said:
        assert text in message


def test_defaults_of_a_study_are_checked_where_they_are_used(config: Path) -> None:
    """A wrong default is wrong in every experiment that does not say otherwise; what fills nothing is unknown."""
    path = config / OFFICIAL
    content = yaml.safe_load(path.read_text())
    count = sum("seeds" not in experiment for experiment in content["experiments"])
    path.write_text(yaml.safe_dump(content | {"defaults": content["defaults"] | {"seeds": 0}}))
    lines = message_of(lambda: load_configuration(config)).splitlines()
    assert len(lines) == count > 1
    assert all("].seeds: found 0, expected at least 1" in line for line in lines)
    path.write_text(yaml.safe_dump(content | {"defaults": content["defaults"] | {"sedes": 1}}))
    assert "experiments[0]: 'sedes' is not a key here. Did you mean 'seeds'?" in message_of(
        lambda: load_configuration(config)
    )
    path.write_text(yaml.safe_dump(content | {"defaults": [1]}))
    assert "official.yaml: defaults: found [1], expected a mapping of keys" in message_of(
        lambda: load_configuration(config)
    )
    path.write_text(yaml.safe_dump({key: content[key] for key in ("title", "summary", "defaults")}))
    said = message_of(lambda: load_configuration(config))
    assert "missing 'experiments'" in said and "'defaults' is not" not in said


def test_protocols_that_extend_each_other(config: Path) -> None:
    """A circle over three protocols is named step by step."""
    edit(
        config,
        PROTOCOLS,
        (("official", "defaults"), "demo"),
        (("demo", "defaults"), "short"),
    )
    circle = "official defaults to demo defaults to short defaults to official"
    assert message_of(lambda: load_configuration(config)) == f"{config / PROTOCOLS}: {circle}: a circle."


def test_an_expectation_speaks_of_an_experiment_that_there_is(config: Path) -> None:
    """An expectation on an unknown experiment is refused, and the message lists those of the file."""
    edit(config, OFFICIAL, (("expectations", 3, "cells", "experiment"), "dept"))
    message = message_of(lambda: load_configuration(config))
    for text in (OFFICIAL, "'dept'", "three_layers, nine_layers, initialization,"):
        assert text in message


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"metric": "gain", "cells": {"experiment": "three_layers", "batch_norm": True}}, "].metric: found gain"),
        ({"metric": "test_accuracy", "between": [10, 60]}, "].between: expected fractions: [0.1, 0.6]"),
    ],
)
def test_an_expectation_can_hold(config: Path, changes: dict[str, Any], said: str) -> None:
    """A gain is of runs with and without batch normalization, and accuracies are fractions."""
    path = config / OFFICIAL
    content = yaml.safe_load(path.read_text())
    content["expectations"][0] |= changes
    path.write_text(yaml.safe_dump(content))
    assert said in message_of(lambda: load_configuration(config))


def test_batches_of_one_cannot_be_normalized(config: Path) -> None:
    """A study with batch normalization under batch_size 1 is refused; without, it is planned."""
    edit(config, PROTOCOLS, (("short", "batch_size"), 1))
    message = message_of(lambda: load_configuration(config))
    assert message.startswith(f"{config / 'studies/short.yaml'}: experiments[0].batch_norm: protocol 'short' has ")
    assert "batch_size 1" in message
    normalized = [(("experiments", i, "batch_norm"), [False]) for i in range(2)]
    edit(config, "studies/short.yaml", *normalized, (("expectations",), GONE))
    assert not any(run.batch_norm for run in load_configuration(config).study("short").runs)


@pytest.mark.parametrize("stem", ["Bad", "a b", "$(id)", "a;b", "9a", "a" * 41, ".", ".hidden", "å"])
def test_a_study_s_file_has_a_safe_name(config: Path, stem: str) -> None:
    """A file name becomes a target and part of shell commands, so anything but a plain name is refused."""
    (config / OFFICIAL).rename(config / "studies" / f"{stem}.yaml")
    message = message_of(lambda: load_configuration(config))
    assert message.startswith(f"{config}/studies/{stem}.yaml: found the study name {stem!r}, expected {NAME}")


def test_all_mistakes_of_a_file_come_at_once(config: Path) -> None:
    """Four mistakes in one study are four lines, each with its file and key, none said twice."""
    edit(
        config,
        OFFICIAL,
        (("titel",), "x"),
        (("summary",), 5),
        (("experiments", 1, "seeds"), -1),
        (("expectations", 2, "metric"), "loss"),
    )
    lines = message_of(lambda: load_configuration(config)).splitlines()
    assert all(line.startswith(f"{config / OFFICIAL}: ") for line in lines)
    keys = ["'titel'", "experiments[1].seeds", "expectations[2].metric", "summary: found 5"]
    assert len(lines) == len(keys)
    for key in keys:
        assert sum(key in line for line in lines) == 1


def test_missing_keys_are_listed_once(config: Path) -> None:
    """Two missing keys of one mapping are said in one line, and no line is said twice."""
    edit(config, PROTOCOLS, (("official", "training"), GONE), (("official", "probe"), GONE))
    message = message_of(lambda: load_configuration(config))
    lines = message.splitlines()
    assert len(lines) == len(set(lines))
    (own,) = (line for line in lines if f"{PROTOCOLS}: official: " in line)
    assert own.endswith("official: missing 'training', 'probe'.")


def test_all_mistakes_of_all_protocols_come_at_once(config: Path) -> None:
    """Mistakes in two protocols of the file are both listed."""
    edit(config, PROTOCOLS, (("short", "momentun"), 0.9), (("demo", "batch_size"), 0))
    message = message_of(lambda: load_configuration(config))
    assert "short: 'momentun'" in message
    assert "demo: batch_size: found 0" in message


@pytest.mark.parametrize(
    ("selection", "said"),
    cases(
        [
            ({"studies": "official"}, ["studies: found 'official', expected a list"]),
            ({"studies": []}, ["studies: "]),
            ({"studies": ["demo", "demo"]}, ["studies: found ['demo', 'demo'], expected values that differ"]),
            ({"cifar10": 5}, ["cifar10: found 5, expected text or nothing"]),
            ({"cifar10": GONE}, ["missing 'cifar10'"]),
            (
                {"cifar": "x"},
                ["'cifar' is not a key here. Did you mean 'cifar10'? Known keys: cifar10, seeds_factor, studies."],
            ),
            ({"studys": ["demo"], "studies": GONE}, ["Did you mean 'studies'?", "missing 'studies'"]),
            ({"studies": ["demo", "demos"]}, ["studies", "'demos'", ALL_STUDIES]),
            ({"studies": ["../demo"]}, ["studies", "'../demo'", ALL_STUDIES]),
            ({"seeds_factor": GONE}, ["missing 'seeds_factor'"]),
            ({"seeds_factor": 0}, ["seeds_factor: found 0, expected more than 0"]),
            ({"seeds_factor": 1001}, ["seeds_factor: found 1001, expected at most 1000"]),
            ({"seeds_factor": 2}, ["seeds_factor: found 2, expected the 1 of config/config.yaml"]),
            ({"seeds_factor": "2"}, ["seeds_factor: found '2', expected a finite number"]),
            ({"seeds_factor": True}, ["seeds_factor: found True, expected a finite number"]),
            ({"seeds_factor": float("nan")}, ["seeds_factor: found nan, expected a finite number"]),
        ]
    ),
)
def test_mistakes_in_the_selection(committed: Configuration, selection: dict[str, Any], said: list[str]) -> None:
    """One wrong value in config.yaml, or given by --config: the message has the source, the key and what belongs."""
    content = {"studies": ["demo"], "cifar10": None, "seeds_factor": 1} | selection
    content = {key: value for key, value in content.items() if value != GONE}
    message = message_of(lambda: check_selection(content, committed, source="config/config.yaml"))
    for text in ["config/config.yaml", *said]:
        assert text in message


def test_the_committed_selection_is_good(committed: Configuration) -> None:
    """config.yaml as it is committed selects studies that there are."""
    content = read_yaml(COMMITTED / "config.yaml")
    check_selection(content, committed, source="config/config.yaml")
    assert set(content["studies"]) <= set(committed.studies)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    cases(
        [
            (("margins",), 5, "'margins' is not a key here. Did you mean 'margin'?"),
            (("conditions", 0, "bacth"), 5, "conditions[0]: 'bacth' is not a key here. Did you mean 'batch'?"),
            (("conditions", 2, "spread"), GONE, "conditions[2]: missing 'spread'"),
            (("conditions", 0, "batch"), 1, "conditions[0].batch: found 1, expected at least 2"),
            (("conditions", 0, "inputs"), 100_001, "conditions[0].inputs: found 100001, expected at most 100000"),
            (("conditions", 1, "weight_decay"), -0.1, "conditions[1].weight_decay: found -0.1, expected at least 0"),
            (
                ("conditions", 1, "weight_decay"),
                float("inf"),
                "conditions[1].weight_decay: found inf, expected a finite",
            ),
            (("conditions",), [], "conditions: "),
            (("tolerance", "central", "relativ"), 1, "tolerance.central: 'relativ' is not a key here. Did you mean"),
            (("tolerance", "complex", "absolute"), GONE, "tolerance.complex: missing 'absolute'"),
            (("tolerance", "autodiff"), GONE, "tolerance: missing 'autodiff'"),
            (("tolerance", "autodiff", "relative"), 0, "tolerance.autodiff.relative: found 0, expected more than 0"),
            (("networks", 1), {"hidden": [50]}, "networks[1]: found {'hidden': [50]}, expected a list"),
            (("networks", 0, 0), 1001, "networks[0][0]: found 1001, expected at most 1000"),
            (("batch_norm", 0), "no ", "batch_norm[0]: found 'no ', expected true or false"),
            (("step",), "1e-5", "step: found '1e-5', expected a finite number. YAML reads 1e-5 as text"),
            (("step",), 0, "step: found 0, expected more than 0"),
        ]
    ),
)
def test_mistakes_in_the_gradient_check(place: tuple[str | int, ...], value: Any, said: str) -> None:
    """One wrong value: the message has the source, the key, what was found and what was expected."""
    content = read_yaml(COMMITTED / "gradients" / "gate.yaml")
    check(Gate, content, source="gate.yaml")
    put(content, place, value)
    assert f"gate.yaml: {said}" in message_of(lambda: check(Gate, content, source="gate.yaml"))


@pytest.mark.parametrize(
    ("name", "place", "value", "said"),
    [
        ("step_sizes", ("smalest",), 1e-9, "'smalest' is not a key here. Did you mean 'smallest'?"),
        ("step_sizes", ("smallest",), 0, "smallest: found 0, expected at least 1e-14"),
        ("step_sizes", ("smallest_complex",), 0.5, "smallest_complex: found 0.5, expected less than largest, 0.01."),
        ("step_sizes", ("margin",), GONE, "missing 'margin'"),
        ("overfit", ("images",), 1, "images: found 1, expected at least 2"),
        ("overfit", ("schedule", "minimum"), 1, "schedule.minimum: found 1, expected at most the maximum, 0.1."),
        ("overfit", ("networks", 0, "hidden"), [], "networks[0].hidden: "),
    ],
)
def test_mistakes_in_the_reported_checks(
    tmp_path: Path, name: str, place: tuple[Any, ...], value: Any, said: str
) -> None:
    """One wrong value in step_sizes.yaml or overfit.yaml: the message has the file, the key and what belongs."""
    load = {"step_sizes": load_step_sizes_settings, "overfit": load_overfit_settings}[name]
    shutil.copytree(COMMITTED / "gradients", tmp_path / "gradients")
    path = tmp_path / "gradients" / f"{name}.yaml"
    content = load(tmp_path)
    put(content, place, value)
    path.write_text(yaml.safe_dump(content))
    assert f"{path}: {said}" in message_of(lambda: load(tmp_path))


def test_the_gate_checks_all_its_networks(tmp_path: Path) -> None:
    """One that every condition leaves out would pass unchecked."""
    (tmp_path / "gradients").mkdir()
    content = yaml.safe_load((COMMITTED / "gradients" / "gate.yaml").read_text())
    content["conditions"] = [condition | {"layers": 2} for condition in content["conditions"]]
    (tmp_path / "gradients" / "gate.yaml").write_text(yaml.safe_dump(content))
    message = message_of(lambda: load_gate_settings(tmp_path))
    assert "gate.yaml: networks[1]: has 3 layers, which every condition leaves out" in message


def test_the_gate_is_kept_short(tmp_path: Path) -> None:
    """Moving every weight of wide layers one by one would take long: refused, with what to lower; a sample is not."""
    content = read_yaml(COMMITTED / "gradients" / "gate.yaml")
    content["networks"].append([200, 100])
    path = tmp_path / "gradients" / "gate.yaml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump(content))
    assert load_gate_settings(tmp_path) == content
    content["conditions"][1]["entries"] = 20_000
    path.write_text(yaml.safe_dump(content))
    message = message_of(lambda: load_gate_settings(tmp_path))
    # 2,000 + 20,000 + 1,000 weights, 310 biases, 600 of gamma and beta
    assert f"{path}: conditions[1].entries: with networks[4], found 23,910 parameters to move one by one" in message
    assert "expected at most 20,000" in message
    assert "Lower this number of entries per array" in message


# --- whatever is written ------------------------------------------------------------------------------------------


def places(content: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The place of every value in nested mappings and lists."""
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    below = [place for key, value in items for place in places(value, (*path, key))]
    return [path, *below] if path else below


SMALL = {
    "title": "t",
    "summary": "s",
    "experiments": [
        {
            "id": "a",
            "title": "t",
            "text": "t",
            "protocol": "official",
            "networks": [[5, 5], [5]],
            "batch_norm": [False, True],
            "initialization": ["he", 0.1],
            "weight_decay": {"log_spaced": {"from": 0.001, "to": 0.1, "count": 3}},
            "seeds": 2,
            "figures": ["curves"],
        }
    ],
    "expectations": [
        {
            "text": "t",
            "cells": {"experiment": "a", "network": [5], "batch_norm": True},
            "metric": "gain",
            "of": "mean",
            "between": [0, 1],
        }
    ],
}
PROTOCOL = {"official": yaml.safe_load((COMMITTED / PROTOCOLS).read_text())["official"]}
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-20, 60)
    | st.floats(-1e6, 1e6)
    | st.sampled_from([float("nan"), float("inf"), "he", "1e-3", "official", "a", "yes", "0x1", "../x", "a\n"])
    | st.text(max_size=5),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize("file", ["protocols.yaml", "studies/small.yaml"])
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_value_in_any_place_loads_or_is_explained(tmp_path: Path, file: str, data: st.DataObject) -> None:
    """Whatever stands in place of one value, the answer is a configuration or one message that names a file."""
    contents: dict[str, Any] = {"protocols.yaml": deepcopy(PROTOCOL), "studies/small.yaml": deepcopy(SMALL)}
    put(contents[file], data.draw(st.sampled_from(places(contents[file]))), data.draw(ANYTHING))
    (tmp_path / "studies").mkdir(exist_ok=True)
    for name, content in contents.items():
        (tmp_path / name).write_text(yaml.safe_dump(content))
    try:
        configuration = load_configuration(tmp_path)
    except ConfigError as error:
        assert ".yaml" in str(error)
    else:
        names = configuration.names(configuration.study("small").runs)
        assert all(parse_run_name(name, configuration.protocols) == run for name, run in names.items())


@settings(deadline=None, max_examples=60)
@given(
    place=st.sampled_from([(), ("experiments", 0), ("expectations", 0), ("expectations", 0, "cells")]),
    key=st.text(),
)
def test_any_unknown_key_is_refused(place: tuple[str | int, ...], key: str) -> None:
    """A study with one key too many, in whatever mapping, is refused, and the message quotes the key."""
    content = deepcopy(SMALL)
    mapping: Any = content
    for step in place:
        mapping = mapping[step]
    assume(key not in {"initialization", "weight_decay", *mapping})
    mapping[key] = 1
    assert f"'{key}' is not a key here" in message_of(lambda: check(StudyFile, content, source="x"))


@settings(deadline=None, max_examples=60)
@given(st.text() | st.text("abc/.$ -_(;'\"`|&\n", max_size=6))
def test_any_odd_name_is_refused(name: str) -> None:
    """An experiment's id is a plain name or an error, whatever the text."""
    content = deepcopy(SMALL)
    put(content, ("experiments", 0, "id"), name)
    if re.fullmatch("[a-z][a-z0-9_-]{0,39}", name):
        check(StudyFile, content, source="x")
    else:
        assert f"experiments[0].id: found {name!r}" in message_of(lambda: check(StudyFile, content, source="x"))


def test_the_official_protocol_leaves_no_key_at_its_default() -> None:
    """A reader of protocols.yaml sees every setting of the protocol that the others start from."""
    assert set(read_yaml(COMMITTED / PROTOCOLS)["official"]) == set(Protocol.model_fields)


@given(
    st.text(alphabet="ab:-[]{},&*|>'\"#%?~ \n\t01.e+é\u2028\0", max_size=40)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    ).map(yaml.safe_dump)
)
@settings(max_examples=300, deadline=None)
def test_both_parsers_read_the_same(text: str) -> None:
    """What PyYAML reads is read the same through libyaml, which is there for speed, tags aside."""

    def read(loader: type) -> str | None:
        try:
            return repr(yaml.load(text, loader))
        except Exception:  # noqa: BLE001 (PyYAML lets many kinds through)
            return None

    assert yaml.__with_libyaml__
    slow, fast = read(reader._StrictLoader), read(reader._FastLoader)
    assert slow in (fast, None) or fast is None
