"""Parts and growth in percent: rounded half up by integers alone, never looking like none."""

import pytest

from balances.core.percent import growth, percent


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (1, 3, "33.3 %"),
        (2, 3, "66.7 %"),
        (1, 2000, "0.1 %"),  # 0.05 is rounded up
        (1, 2001, "< 0.1 %"),
        (1999, 2000, "> 99.9 %"),  # 99.95 would be rounded to all of it
        (3, 3, "100.0 %"),
        (0, 3, "0.0 %"),
        (12_345_678_901_234_567_890_123, 10**23, "12.3 %"),
        (0, 0, ""),
    ],
)
def test_percent(part: int, whole: int, text: str) -> None:
    assert percent(part, whole) == text


@pytest.mark.parametrize(
    ("change", "before", "text"),
    [
        (50, 300, "+16.67 %"),
        (-50, 300, "-16.67 %"),
        (1, 20_000, "+0.01 %"),  # 0.005 is rounded up
        (1, 20_001, "< +0.01 %"),
        (-1, 20_001, "> -0.01 %"),
        (0, 5, "0.00 %"),
        (123_456, 10, "+1,234,560.00 %"),
        (10**30, 3 * 10**30, "+33.33 %"),
        (5, 0, ""),
    ],
)
def test_growth(change: int, before: int, text: str) -> None:
    assert growth(change, before) == text
