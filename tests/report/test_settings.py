"""Protocols are shown in full, and nothing of them twice."""

from bnlab.report.settings import shared_and_own


def test_what_is_shared_stands_once() -> None:
    """Settings within settings have both names; a value that one protocol has otherwise is of none of them shared."""
    protocols = {
        "long": {"data": "cifar10", "bn_affine": True, "schedule": {"step": 500, "decay": None}, "backward": "exact"},
        "short": {"data": "cifar10", "bn_affine": False, "schedule": {"step": 50, "decay": None}, "backward": "exact"},
    }
    shared, own = shared_and_own(protocols)
    assert shared == ["data cifar10", "schedule decay none", "backward exact"]
    assert own == {"long": ["bn affine yes", "schedule step 500"], "short": ["bn affine no", "schedule step 50"]}


def test_one_protocol_shares_all_with_itself() -> None:
    """It has nothing of its own."""
    assert shared_and_own({"only": {"split": "in_order"}}) == (["split in order"], {"only": []})
