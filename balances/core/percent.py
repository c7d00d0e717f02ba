"""Parts of a whole, and growth, in percent: integers in, rounded text out, never a float."""

from balances.core.number_formats import written


def percent(part: int, whole: int) -> str:
    """Return `12.3 %`, rounded half up; what is not nothing, or not all, never looks as if."""
    if whole <= 0:
        return ""
    tenths = (2000 * part + whole) // (2 * whole)
    if tenths == 0 and part:
        return f"< {written('0.1')} %"
    if tenths == 1000 and part != whole:
        return f"> {written('99.9')} %"
    return f"{written(f'{tenths // 10}.{tenths % 10}')} %"


def growth(change: int, before: int) -> str:
    """Return how much a change is of what was there before, with its sign: `+1.42 %`.

    Of nothing there is no part: empty text.
    """
    if before <= 0:
        return ""
    hundredths = (20_000 * abs(change) + before) // (2 * before)
    if hundredths == 0 and change:
        return f"{'< +' if change > 0 else '> -'}{written('0.01')} %"
    sign = "+" if change > 0 else "-" if change < 0 else ""
    return f"{sign}{written(f'{hundredths // 100}.{hundredths % 100:02}')} %"
