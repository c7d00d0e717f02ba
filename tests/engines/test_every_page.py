"""Every kind of page in Firefox and WebKit: each control gets its clicks, nothing is too wide."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.browser.world import World
from tests.engines.conftest import Engine

WIDTHS = (1440, 500)

#: Controls whose middle is something else: what lies over them gets their clicks.
COVERED = """
    const controls = "a[href], button, summary, select, input, textarea, .amount, .chart-stage";
    const isShown = (one) => one.checkVisibility({ visibilityProperty: true })
        && !one.closest(".visually-hidden, .skip");
    const said = (one) =>
        one ? `${one.localName}.${one.className} ${one.textContent.slice(0, 40)}` : "nothing";
    const covered = [];
    for (const one of [...document.querySelectorAll(controls)].filter(isShown)) {
        one.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
        const box = [...one.getClientRects()].find(({ width, height }) => width > 1 && height > 1);
        if (!box) continue;
        const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        const label = hit?.closest("label");
        const isLabelled = label && (label.control === one || label.contains(one));
        if (!isLabelled && !one.contains(hit)) covered.push(`${said(one)} under ${said(hit)}`);
    }
    scrollTo({ top: 0, behavior: "instant" });
    return covered;
"""

#: How much wider than the window a page is; drawings follow the window a moment later.
TOO_WIDE = """
    const done = arguments[0], until = performance.now() + 5000;
    const look = () => {
        const { scrollWidth, clientWidth } = document.documentElement;
        const wider = scrollWidth - clientWidth;
        if (wider <= 0) done([]);
        else if (performance.now() > until) done([`${wider} too wide`]);
        else setTimeout(look, 50);
    };
    look();
"""


def paths(world: World) -> list[str]:
    day = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"
    account, fund = f"/accounts/{world.custody.uid}/", world.custody.organization
    assert fund is not None
    return [
        "/",
        "/?asset=ETH",
        f"/?date={day}",
        "/accounts/",
        account,
        f"{account}key/",
        f"{account}edit/",
        "/accounts/add/",
        "/asset/?asset=BTC",
        "/pending/",
        "/history/",
        f"/history/?date={day}",
        f"/compare/?by=accounts&a={world.custody.uid}&b={world.trading.uid}&asset=BTC",
        "/reports/",
        f"/reports/statement/?date={day}",
        "/search/?q=Custody",
        "/audit/",
        f"/organizations/{fund.uid}/members/",
        "/profile/",
        "/profile/sessions/",
        "/profile/security/",
        "/profile/security/passkey/",
        "/confirm/",
        "/no/such/page/",
    ]


def test_every_control_of_every_page_can_be_clicked(engine: Engine, world: World) -> None:
    engine.sized(WIDTHS[0])
    engine.sign_in()
    found: dict[str, Any] = {}
    for path in paths(world):
        engine.go(path)
        for width in WIDTHS:
            engine.sized(width)
            if wrong := [*engine.driver.execute_async_script(TOO_WIDE), *engine.js(COVERED)]:
                found[f"{path} at {width}"] = wrong
        if complaints := engine.js("return window.complaints ?? []"):
            found[f"{path} complains"] = complaints
    assert found == {}
