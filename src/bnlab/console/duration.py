"""How long something takes, in words."""


def duration(seconds: float) -> str:
    """45 s, 12 min or 3 h 20 min: as exact as an estimate is."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
