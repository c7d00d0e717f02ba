"""Parts of a whole in percent: integers in, rounded text out, never a float."""


def percent(part: int, whole: int) -> str:
    """Return `12.3 %`, rounded half up; what is not nothing, or not all, never looks as if."""
    if whole <= 0:
        return ""
    tenths = (2000 * part + whole) // (2 * whole)
    if tenths == 0 and part:
        return "< 0.1 %"
    if tenths == 1000 and part != whole:
        return "> 99.9 %"
    return f"{tenths // 10}.{tenths % 10} %"
