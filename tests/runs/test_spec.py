"""A run's name says exactly what the run is, in one spelling, and nothing else is a run's name."""

import dataclasses
import hashlib
import json
import math
import re
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bnlab.errors import ConfigError
from bnlab.runs.datasets import CIFAR10, GENERATED, DataSet
from bnlab.runs.names import (
    SplitSettings,
    canonical_json,
    initialization_text,
    learning_rate_text,
    network_text,
    number_text,
    parse_run_name,
    parse_split_name,
    run_name,
    split_name,
)
from bnlab.runs.spec import Protocol, RunSpec, Schedule
from tests.protocols import changed as varied
from tests.protocols import tiny_protocol

PROTOCOL = tiny_protocol(
    data=CIFAR10,
    training=45000,
    validation=5000,
    batch_size=100,
    maximum=0.1,
    step=2250,
    cycles=2,
    curve_points=46,
    probe=2000,
)
ORDERS = ["random", "official_order", "validation_first"]
SCALINGS = ["per_pixel", "scalar", "per_part", "per_image"]
PROTOCOLS = {"official": PROTOCOL, "a-b_c9": varied(PROTOCOL, probe=1000)}
SPEC = RunSpec("official", (50, 50), batch_norm=True, initialization="he", weight_decay=0.005, seed=1)
NAME = run_name(SPEC, PROTOCOL)


@st.composite
def specs(draw: st.DrawFn) -> RunSpec:
    """Any run that a configuration can ask for."""
    hidden = draw(st.lists(st.integers(1, 999_999), max_size=9).map(tuple))
    sigmas = st.floats(0, exclude_min=True, allow_infinity=False)
    return RunSpec(
        protocol=draw(st.sampled_from(sorted(PROTOCOLS))),
        hidden=hidden,
        batch_norm=draw(st.booleans()) if hidden else False,
        initialization=draw(st.sampled_from(["he", "fan_in"]) | sigmas),
        weight_decay=draw(st.floats(0, allow_infinity=False)),
        seed=draw(st.integers(1, 999_999_999)),
        learning_rate=draw(st.none() | st.floats(0, exclude_min=True, allow_infinity=False)),
        warm_start=draw(st.none() | st.text("0123456789abcdef", min_size=8, max_size=8)),
    )


def named(spec: RunSpec) -> str:
    """The run's name under its protocol."""
    return run_name(spec, PROTOCOLS[spec.protocol])


@given(specs())
@example(replace(SPEC, initialization=1e-4))
@example(replace(SPEC, initialization=1e-300))
@example(replace(SPEC, initialization=5e-324, weight_decay=5e-324))
@example(replace(SPEC, initialization=0.1 + 0.2, weight_decay=1 / 3))
@example(replace(SPEC, weight_decay=0.0))
@example(replace(SPEC, initialization=9999999999999998.0))
@example(replace(SPEC, initialization=1e16))
@example(replace(SPEC, weight_decay=1.7976931348623157e308))
@example(replace(SPEC, hidden=(), batch_norm=False, initialization="fan_in"))
@example(replace(SPEC, learning_rate=5e-324))
@example(replace(SPEC, learning_rate=1e16))
@example(replace(SPEC, warm_start="00000000"))
@example(replace(SPEC, learning_rate=0.01, warm_start="5e000000"))
def test_parsing_inverts_naming(spec: RunSpec) -> None:
    """Every run's name reads back as that run, with types that name it alike, and stays inside one safe folder."""
    name = named(spec)
    parsed = parse_run_name(name, PROTOCOLS)
    assert parsed == spec
    assert named(parsed) == name
    assert re.fullmatch(r"[a-z][a-z0-9_-]*/[A-Za-z0-9._-]+", name)
    assert ".." not in name


@given(specs(), specs())
def test_different_runs_have_different_names(one: RunSpec, other: RunSpec) -> None:
    """The readable part alone tells two runs apart; the digest does so again."""
    assume(one != other)
    assert named(one).rpartition("_")[0] != named(other).rpartition("_")[0]
    assert named(one)[-8:] != named(other)[-8:]


@pytest.mark.parametrize(
    ("changes", "readable"),
    [
        ({}, "official/50-50_bn_he_lambda0.005_seed1_"),
        ({"hidden": (50, 30, 20, 20, 10, 10, 10, 10)}, "official/50-30-20-20-10-10-10-10_bn_he_lambda0.005_seed1_"),
        ({"hidden": (), "batch_norm": False}, "official/linear_plain_he_lambda0.005_seed1_"),
        ({"initialization": "fan_in", "weight_decay": 0.0}, "official/50-50_bn_fan_in_lambda0_seed1_"),
        ({"initialization": 1e-4, "seed": 12}, "official/50-50_bn_sigma0.0001_lambda0.005_seed12_"),
        ({"initialization": 1e-5, "weight_decay": 3.73e-5}, "official/50-50_bn_sigma1e-05_lambda3.73e-05_seed1_"),
        ({"initialization": 1.0, "weight_decay": 10.0}, "official/50-50_bn_sigma1_lambda10_seed1_"),
        ({"learning_rate": 0.02}, "official/50-50_bn_he_eta0.02_lambda0.005_seed1_"),
        ({"warm_start": "3f9a01c2"}, "official/50-50_bn_he_lambda0.005_after3f9a01c2_seed1_"),
    ],
)
def test_names_say_what_the_run_is(changes: dict[str, Any], readable: str) -> None:
    """The readable part spells the network, normalization, initialization, decay and seed; then eight hex digits."""
    assert re.fullmatch(re.escape(readable) + "[0-9a-f]{8}", named(replace(SPEC, **changes)))


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(RunSpec)])
def test_every_field_of_the_spec_is_in_the_name(field: str) -> None:
    """Changing any one field of a run changes its name, digest included."""
    other = {
        "protocol": "a-b_c9",
        "hidden": (50,),
        "batch_norm": False,
        "initialization": "fan_in",
        "weight_decay": 0.0050000000000000001 * (1 + 2**-52),
        "seed": 2,
        "learning_rate": 0.1,
        "warm_start": "3f9a01c2",
    }[field]
    changed = run_name(replace(SPEC, **{field: other}), PROTOCOL)  # under the same content
    assert changed != NAME
    assert changed[-8:] != NAME[-8:]


def changed(value: Any) -> Any:
    """A value of the same type that differs, by as little as it can."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case float():
            return math.nextafter(value, math.inf)
    raise TypeError(value)


@pytest.mark.parametrize("field", [name for name in Protocol.model_fields if name != "schedule"])
def test_every_field_of_the_protocol_is_in_the_digest(field: str) -> None:
    """The least change of any one setting of the protocol gives the run a new digest, and only that."""
    kind = Protocol.model_fields[field].annotation
    choices = (GENERATED,) if field == "data" else get_args(kind)[1:]
    value = choices[0] if choices else changed(getattr(PROTOCOL, field))
    name = run_name(SPEC, varied(PROTOCOL, **{field: value}))
    assert name[:-8] == NAME[:-8]
    assert name[-8:] != NAME[-8:]


@pytest.mark.parametrize("field", list(Schedule.model_fields))
def test_every_field_of_the_schedule_is_in_the_digest(field: str) -> None:
    """So does the least change of any one setting of the learning rate."""
    value = 0.95 if field == "decay" else changed(getattr(PROTOCOL.schedule, field))
    protocol = varied(PROTOCOL, **{field: value})
    assert run_name(SPEC, protocol)[-8:] != NAME[-8:]


def test_swapped_values_are_another_run() -> None:
    """A weight decay and a standard deviation, or the two ends of the schedule, do not digest alike when swapped."""
    one, other = (
        named(replace(SPEC, weight_decay=decay, initialization=sigma)) for decay, sigma in ((0.1, 0.001), (0.001, 0.1))
    )
    assert one[-8:] != other[-8:]
    schedule = PROTOCOL.schedule
    swapped = varied(PROTOCOL, minimum=schedule.maximum, maximum=schedule.minimum)
    assert run_name(SPEC, swapped)[-8:] != NAME[-8:]
    parts = varied(PROTOCOL, training=PROTOCOL.validation, validation=PROTOCOL.training)
    assert run_name(SPEC, parts)[-8:] != NAME[-8:]


@pytest.mark.parametrize("spelling", ["0.0050", "5e-3", "5e-03", "0.5e-2", "00.005", ".005", "0.005e0", "+0.005"])
def test_only_the_canonical_spelling_of_a_number_is_a_name(spelling: str) -> None:
    """The same number in other words is refused, as a weight decay and as a standard deviation."""
    sigma = named(replace(SPEC, initialization=0.005))
    for name, number in ((NAME, "lambda0.005"), (sigma, "sigma0.005")):
        assert number in name
        with pytest.raises(ConfigError):
            parse_run_name(name.replace(number, number.replace("0.005", spelling)), PROTOCOLS)


@pytest.mark.parametrize(
    ("old", "new"), [("50-50", "050-50"), ("seed1", "seed01"), ("_he_", "_fan_in_"), ("lambda0.005", "lambda-0.005")]
)
def test_other_spellings_of_the_rest_are_not_names(old: str, new: str) -> None:
    """Leading zeros, the configuration's word for fan_in, and a negative decay are refused."""
    with pytest.raises(ConfigError):
        parse_run_name(NAME.replace(old, new), PROTOCOLS)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "official",
        f"/{NAME}",
        f"../{NAME}",
        f"official/../{NAME}",
        f"{NAME}/",
        f"{NAME}/run.json",
        f"results/runs/{NAME}",
        NAME.replace("/", "_"),
        NAME.replace("/", "//"),
        NAME.replace("50-50", "../50"),
        NAME.replace("50-50", "$(touch evil)"),
        NAME.replace("official", "$(touch evil)"),
        NAME.replace("official", ".."),
        NAME.replace("_he_", "_he _"),
        f"{NAME}\n",
        f"\n{NAME}",
        f"{NAME} ",
        f"{NAME}; ls",
        NAME.upper(),
        NAME[:-1],
        f"{NAME}0",
        NAME.replace("seed1", "seed١"),  # a digit to Python, but not an ASCII one
        NAME.replace("50-50", "50-"),
        NAME.replace("_he_", "_sigma_"),
        NAME.replace("_he_", "_sigma1.2.3_"),
        NAME.replace("_he_", "_sigmanan_"),
        NAME.replace("_he_", "_sigma-_"),
        NAME.replace("lambda0.005", "lambdainf"),
        NAME.replace("lambda0.005", "lambda1e999"),
        NAME.replace("_he_", "_sigma1e999_"),
        NAME.replace("50-50", "9" * 5000),
        NAME.replace("seed1", "seed" + "9" * 5000),
    ],
    ids=lambda name: ascii(name)[:60],
)
def test_what_is_not_a_name_is_refused(name: str) -> None:
    """Paths, shell characters, white space, missing parts and numbers that are none end as an error with the name."""
    with pytest.raises(ConfigError) as caught:
        parse_run_name(name, PROTOCOLS)
    assert f"'{name}'" in str(caught.value)


def test_an_initialization_that_is_none_is_said() -> None:
    """The message names the run and what in it is wrong."""
    with pytest.raises(ConfigError) as caught:
        parse_run_name(NAME.replace("_he_", "_sigma1.2.3_"), PROTOCOLS)
    assert str(caught.value).endswith(
        "'sigma1.2.3' is not an initialization: expected he, fan_in, xavier or sigma<number>."
    )
    assert "_sigma1.2.3_" in str(caught.value)


@given(st.data())
def test_no_edit_of_a_name_is_a_name(data: st.DataObject) -> None:
    """Replacing, inserting or deleting any one character leaves no valid name."""
    name = data.draw(st.sampled_from([NAME, named(replace(SPEC, initialization=0.001, batch_norm=False))]))
    place = data.draw(st.integers(0, len(name)))
    inserted = data.draw(st.text(st.sampled_from("0159aef./-_\n $+ ") | st.characters(), max_size=1))
    edited = name[:place] + inserted + name[place + data.draw(st.integers(0, 1)) :]
    assume(edited != name)
    with pytest.raises(ConfigError):
        parse_run_name(edited, PROTOCOLS)


def test_an_unknown_protocol_is_named_with_those_there_are() -> None:
    """A protocol that is not configured is refused, and the message lists the configured ones."""
    with pytest.raises(ConfigError, match=r"'offical', which config/protocols.yaml does not define") as caught:
        parse_run_name(NAME.replace("official", "offical"), PROTOCOLS)
    assert "It defines: a-b_c9, official." in str(caught.value)


def test_a_stale_digest_is_answered_with_the_present_name() -> None:
    """After an edit of the protocol the old name is refused, and the message gives the run's new one."""
    edited = {"official": varied(PROTOCOL, bn_decay=0.99)}
    with pytest.raises(ConfigError) as caught:
        parse_run_name(NAME, edited)
    present = run_name(SPEC, edited["official"])
    assert f"'{NAME}'" in str(caught.value)
    assert f"'{present}'" in str(caught.value)
    assert parse_run_name(present, edited) == SPEC


def test_a_network_without_hidden_layers_has_nothing_to_normalize() -> None:
    """Softmax regression with batch normalization is refused, made or parsed; without, it is a run like any other."""
    with pytest.raises(ConfigError, match="without hidden layers"):
        replace(SPEC, hidden=())
    with pytest.raises(ConfigError, match="without hidden layers"):
        parse_run_name(NAME.replace("50-50", "linear"), PROTOCOLS)
    linear = replace(SPEC, hidden=(), batch_norm=False)
    assert parse_run_name(named(linear), PROTOCOLS) == linear


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden": (0,)},
        {"hidden": (50, 0)},
        {"initialization": 0.0},
        {"initialization": -0.1},
        {"weight_decay": -0.1},
        {"seed": 0},
        {"seed": 10**9},
        {"hidden": (10**6,)},
        {"initialization": math.inf},
        {"initialization": math.nan},
        {"weight_decay": math.inf},
        {"weight_decay": math.nan},
        {"learning_rate": 0.0},
        {"warm_start": ""},
        {"warm_start": "3f9a01c"},
        {"warm_start": "3F9A01C2"},
        {"warm_start": "3f9a01c2\n"},
        {"warm_start": "../../ru"},
        {"warm_start": "*3f9a01c"},
    ],
    ids=str,
)
def test_a_run_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    """A layer without units, a standard deviation or a seed of zero: no such run, so none that a name could mean."""
    with pytest.raises(ConfigError, match="cannot be run: expected widths from 1 to 999,999"):
        replace(SPEC, **changes)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_from_its_text(value: float) -> None:
    """No digit is lost, whole numbers have no fraction, and no character needs quoting in a path."""
    text = number_text(value)
    assert float(text) == value
    assert not text.endswith(".0")
    assert re.fullmatch("[0-9.e-]+", text)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.0, "0"), (0.005, "0.005"), (1e-5, "1e-05"), (1, "1"), (10.0, "10"), (0.00193, "0.00193")],
)
def test_numbers_are_short(value: float, text: str) -> None:
    """The shortest text that reads back, the same for a whole number and its float."""
    assert number_text(value) == text


def test_zero_has_one_name() -> None:
    """Minus zero equals zero, so it names the same run."""
    assert named(replace(SPEC, weight_decay=-0.0)) == named(replace(SPEC, weight_decay=0.0))


def test_networks_and_initializations_have_words() -> None:
    """The words that tables, figures and names share."""
    assert [network_text(hidden) for hidden in ((), [50], (50, 30))] == ["linear", "50", "50-30"]
    schemes = ("he", "fan_in", "xavier", 0.001)
    assert [initialization_text(scheme) for scheme in schemes] == ["he", "fan_in", "xavier", "sigma0.001"]
    assert [learning_rate_text(rate) for rate in (None, 0.02)] == ["scheduled", "eta0.02"]


@given(
    st.sampled_from([CIFAR10, GENERATED, replace(GENERATED, name="fashion-mnist")]),
    st.integers(1, 50_000),
    st.integers(0, 50_000),
    st.sampled_from([(order, scaling) for order in ORDERS for scaling in SCALINGS]),
    st.integers(1, 10**9 - 2),
)
def test_parsing_inverts_naming_of_splits(
    data: DataSet, training: int, validation: int, kind: tuple[str, str], seed: int
) -> None:
    """A split's name reads back, in every order and scaling; unless the order is random, all seeds share one split."""
    split, standardization = kind
    protocol = varied(
        PROTOCOL, data=data, training=training, validation=validation, split=split, standardization=standardization
    )
    name = split_name(protocol, seed)
    drawn = seed if split == "random" else None
    assert parse_split_name(name) == SplitSettings(data.name, training, validation, drawn, split, standardization)
    assert re.fullmatch("[a-z0-9_-]+", name)
    assert (split_name(protocol, seed + 1) == name) == (split != "random")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "cifar10_45000-5000_random-seed7_per-pixel"),
        ({"split": "official_order"}, "cifar10_45000-5000_official-order_per-pixel"),
        (
            {"split": "validation_first", "standardization": "scalar"},
            "cifar10_45000-5000_validation-first_scalar",
        ),
        ({"split": "official_order", "standardization": "per_part"}, "cifar10_45000-5000_official-order_per-part"),
        ({"data": GENERATED, "standardization": "per_image"}, "generated_45000-5000_random-seed7_per-image"),
    ],
)
def test_names_of_splits_say_what_they_are(changes: dict[str, Any], name: str) -> None:
    """The data set, the sizes of the parts, the order, and what scales the pixels."""
    assert split_name(varied(PROTOCOL, **changes), 7) == name


def test_names_stay_what_they_were() -> None:
    """The names of stored runs: a spec digests without what it does not have, so new fields rename no older run."""
    assert f"official/50-50_bn_he_lambda0.005_seed1_{digest_of(SPEC)}" == NAME
    rated = replace(SPEC, learning_rate=0.02)
    assert named(rated) == f"official/50-50_bn_he_eta0.02_lambda0.005_seed1_{digest_of(rated)}"


def digest_of(spec: RunSpec) -> str:
    """The digest of a run that starts afresh, written out here once more."""
    fields = ["protocol", "hidden", "batch_norm", "initialization", "weight_decay", "seed"]
    fields += [] if spec.learning_rate is None else ["learning_rate"]
    content = {
        "data": CIFAR10.digest,
        "protocol": PROTOCOL.model_dump(exclude_defaults=True),
        "spec": {field: getattr(spec, field) for field in fields},
    }
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def test_a_split_depends_on_nothing_else() -> None:
    """Runs whose protocols differ in the training share their splits."""
    assert split_name(PROTOCOL, 1) == "cifar10_45000-5000_random-seed1_per-pixel"
    other = varied(PROTOCOL, batch_size=50, momentum=0.9, precision="float32", probe=1, curve_points=2)
    other = varied(other, shuffling="none", momentum_restarts=True, backward="unnormalized_activations")
    other = varied(other, bn_affine=False, bn_initial_averages="zero_one")
    assert split_name(other, 1) == split_name(PROTOCOL, 1)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "cifar10",
        "../cifar10_45000-5000_random-seed1_per-pixel",
        "a/b_45000-5000_random-seed1_per-pixel",
        "$(id)_45000-5000_random-seed1_per-pixel",
        "cifar10_45000-5000_random_per-pixel",
        "cifar10_45000_random-seed1_per-pixel",
        "cifar10_45000--5000_random-seed1_per-pixel",
        "cifar10_45000-5000_official-order-seed1_per-pixel",
        "cifar10_45000-5000_random-seed1_per-channel",
        "cifar10_45000-5000_official_order_per-pixel",
        "cifar10_45000-5000_validation-first-seed1_scalar",
        "cifar10_45000-5000_random-seed1_per_image",
        "cifar10_45000-5000_random-seed1_per-pixel\n",
        "cifar10_45000-5000_random-seed1_per-pixel.npz",
        "cifar10_45000-5000_random-seed1_per pixel",
        "cifar10_045000-5000_random-seed1_per-pixel",
        "cifar10_45000-5000_random-seed01_per-pixel",
        "cifar10_45000-5000_random-seed" + "9" * 5000 + "_per-pixel",
    ],
    ids=lambda name: ascii(name)[:60],
)
def test_what_is_not_a_name_of_a_split_is_refused(name: str) -> None:
    """Paths, shell characters, missing parts and second spellings end as an error with the name."""
    with pytest.raises(ConfigError) as caught:
        parse_split_name(name)
    assert f"'{name}'" in str(caught.value)


def test_a_protocol_reads_back_from_its_content() -> None:
    """Through JSON too, as a run's record stores it; of the data set that is its name."""
    content = json.loads(json.dumps(PROTOCOL.model_dump()))
    assert content["data"] == "cifar10"
    assert Protocol.model_validate(content | {"data": CIFAR10}) == PROTOCOL


def test_the_schedule_counts_its_updates() -> None:
    """Two cycles of 2 x 2,250 updates are 9,000."""
    assert PROTOCOL.schedule.updates == 9_000
    assert Schedule(minimum=0.01, maximum=0.01, step=1, cycles=1).updates == 2


def test_equal_content_has_one_json() -> None:
    """The order of keys does not matter, the order of values does, and what is no number is refused."""
    assert canonical_json({"b": [1, 2.5], "a": "é"}) == canonical_json({"a": "é", "b": [1, 2.5]})
    assert canonical_json({"a": [1, 2]}) != canonical_json({"a": [2, 1]})
    for value in (math.nan, math.inf, -math.inf):
        with pytest.raises(ValueError, match="Out of range"):
            canonical_json({"a": value})
