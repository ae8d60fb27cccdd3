"""From the findings of a claim's readings to its outcome, its flags and the reason (docs/claims.md)."""

from collections.abc import Mapping

from bnlab.claims.model import Claim
from bnlab.claims.outcomes import (
    FAILED,
    INCONCLUSIVE,
    INCONSISTENT,
    NOT_COMPARABLE,
    NOT_TESTABLE,
    OPEN,
    REPRODUCED,
    Finding,
)


def flags_of(claim: Claim) -> tuple[str, ...]:
    """What is said of a claim beside its outcome."""
    return (*([OPEN] if claim.open else []), *([INCONSISTENT] if claim.inconsistent else []))


def decide(claim: Claim, found: Finding | None, variants: Mapping[str, Finding]) -> tuple[str, str]:
    """The outcome and its reason. found: that of the main reading, None if no run can test the claim.

    Readings that are all plausible, because the report leaves open which is meant, decide together: if one reproduces
    the claim and another speaks against it, nothing is decided. Otherwise the main reading decides. One that report or
    code settles not to be meant is tried, and decides nothing.
    """
    circumstances = f" {INCONSISTENT.capitalize()}: {claim.inconsistent}" if claim.inconsistent else ""
    if found is None:
        return NOT_TESTABLE, f"{claim.not_testable}{circumstances}"
    settled = {one.label for one in claim.variants if one.settled}
    plausible = {label: one for label, one in variants.items() if label not in settled}
    reproducing = [label for label, one in variants.items() if one.outcome == REPRODUCED]
    failing = [label for label, one in variants.items() if one.outcome in FAILED]
    if claim.open and (matters := _conflict(found, plausible)):
        left = f"The report leaves open: {', '.join(claim.open)}, and it matters: {', '.join(matters)}."
        return NOT_COMPARABLE, f"{left} As read here: {found.outcome.lower()}. {found.reason}{circumstances}"
    if found.outcome in FAILED and claim.continuous and (between := _between(claim, found, plausible)):
        return INCONCLUSIVE, f"{found.reason} {between}{circumstances}"
    if found.outcome in FAILED:
        rest = [label for label in variants if label not in (*reproducing, *failing)]
        parts = (
            ("Reproduced with", reproducing),
            ("Not with", [] if reproducing else failing),
            ("Undecided with", rest),
        )
        also = " ".join(f"{words}: {', '.join(labels)}." for words, labels in parts if labels)
        return found.outcome, f"{found.reason} {also}".rstrip() + circumstances
    return found.outcome, f"{found.reason}{circumstances}"


def _conflict(found: Finding, plausible: Mapping[str, Finding]) -> list[str]:
    """The variants that speak against the main reading, or, where that is undecided, on either side; none if all agree.

    plausible: those that can be meant.
    """
    back = [label for label, one in plausible.items() if one.outcome == REPRODUCED]
    failing = [label for label, one in plausible.items() if one.outcome in FAILED]
    if found.outcome == REPRODUCED:
        return failing
    if found.outcome in FAILED:
        return back
    return [*back, *failing] if back and failing else []


def _between(claim: Claim, found: Finding, variants: Mapping[str, Finding]) -> str:
    """Why what lies between our readings may reproduce the printed number; empty where all lie on one side of it."""
    means = {"as read here": found.mean} | {label: one.mean for label, one in variants.items()}
    below = [label for label, mean in means.items() if mean < float(claim.reported)]
    above = [label for label, mean in means.items() if mean > float(claim.reported)]
    if not below or not above:
        return ""
    return (
        f"The report leaves open: {', '.join(claim.open)}, which can take values between those of our readings, and "
        f"these lie on both sides: below {', '.join(below)}; above {', '.join(above)}."
    )
