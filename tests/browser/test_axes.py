"""Axes of charts: they end, their labels are true and differ, whatever the amounts are."""

import pytest

from tests.browser.conftest import Visit

#: The module with the arithmetic of axes, as the page loaded it.
AXES = """async (work) => {
    const url = performance.getEntriesByType("resource").map((one) => one.name)
        .find((name) => name.includes("/chart-text."));
    return new Function("axes", work)(await import(url));
}"""

#: Labels of an axis for amounts, as the chart asks for them.
LABELS = """
    const labels = (amounts, height = 240) => {
        const power = axes.powerOf(amounts);
        const places = amounts.map((amount) => axes.placeOf(amount, power));
        const [low, high] = axes.rangeOf(Math.min(...places), Math.max(...places));
        if (!places.every((place) => low <= place && place <= high)) throw new Error(amounts);
        return axes.ticksBetween(low, high, (high - low) * 30 / height, power);
    };
"""

#: Round balances, each with ever less added to it: below what a double can tell apart, and above.
PAIRS = """
    const bad = [];
    const balances = [0, 1, 2, 3, 4, 5, 7, 8, 10, 12, 16, 20, 25, 32, 40, 50, 64, 75, 99, 100,
        128, 150, 200, 250, 256, 300, 400, 500, 512, 640, 750, 999, 1000, 1024, 1500, 2000, 2500,
        3000, 4000, 4096, 5000, 6000, 7500, 8000, 8192, 10000, 12000, 15000, 16000, 20000, 25000,
        32000, 40000, 50000, 64000, 100000, 1000000];
    const zeros = [...Array(8).keys()].map((count) => "0".repeat(count));
    const dust = [1, 2, 5].flatMap((n) => zeros.map((all) => `${n}${all}`));
    let tried = 0;
    for (const balance of balances) for (const wei of dust) {
        tried += 1;
        const ticks = labels([`${balance}.0`, `${balance}.${wei.padStart(18, "0")}`]);
        const gaps = ticks.slice(1).map(({ at }, i) => at - ticks[i].at);
        const isEven = Math.max(...gaps) - Math.min(...gaps) < Math.max(...gaps) * 1e-4;
        const areApart = new Set(ticks.map(({ text }) => text)).size === ticks.length;
        if (ticks.length < 3 || ticks.length > 40 || !isEven || !areApart) bad.push([balance, wei]);
    }
    return [tried, bad];
"""


def test_dust_on_a_round_balance_gives_an_axis_that_ends(treasurer: Visit) -> None:
    treasurer.go()
    tried, bad = treasurer.drawn().evaluate(AXES, LABELS + PAIRS)
    assert tried == 57 * 24
    assert bad == []


@pytest.mark.parametrize(
    ("amounts", "texts"),
    [
        (["0", "1.1"], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0", "1.2"]),
        (["0.3720", "0.3733"], ["0.37200", "0.37225", "0.37250", "0.37275", "0.37300", "0.37325"]),
        (["9800", "10200"], ["9.8 k", "9.9 k", "10.0 k", "10.1 k", "10.2 k"]),
        (
            [f"1{'0' * 42}"],
            [
                f"{n}\N{MULTIPLICATION SIGN}10⁴²"
                for n in ("0.998", "0.999", "1.000", "1.001", "1.002")
            ],
        ),
        (
            [f"1{'0' * 77}"],
            [
                f"{n}\N{MULTIPLICATION SIGN}10⁷⁷"
                for n in ("0.998", "0.999", "1.000", "1.001", "1.002")
            ],
        ),
        (
            [f"0.{'0' * 29}1"],
            [
                f"{n}\N{MULTIPLICATION SIGN}10⁻³⁰"
                for n in ("0.998", "0.999", "1.000", "1.001", "1.002")
            ],
        ),
        (["0"], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    ],
)
def test_a_label_says_exactly_where_its_line_stands(
    treasurer: Visit, amounts: list[str], texts: list[str]
) -> None:
    treasurer.go()
    asked = f"return labels({amounts!r}).map(({{ text }}) => text);"
    assert treasurer.drawn().evaluate(AXES, LABELS + asked) == texts


def test_an_hour_that_comes_twice_is_told_apart(treasurer: Visit) -> None:
    treasurer.go()
    asked = """
        const from = Date.UTC(2026, 9, 24, 22) / 1000;
        const splits = Array.from({ length: 8 }, (_, i) => from + 3600 * i);
        return axes.timeTexts(splits, 3600, "Europe/Berlin");"""
    texts = treasurer.drawn().evaluate(AXES, asked)
    assert texts[:5] == ["25 Oct", "01:00", "02:00", "02:00 GMT+1", "03:00"]
