"""A page that is left tells no failure, and comes back from the browser's page cache as new."""

from tests.engines.conftest import Engine

#: Notes what the page says of a failure from now on, for whatever page comes next.
WATCH = """
    sessionStorage.removeItem("told");
    const look = () => {
        const texts = [...document.querySelectorAll(".chart-status, #live-line:not([hidden])")];
        const told = texts.map((one) => one.textContent).join(" ");
        if (/could not|Not live/.test(told)) sessionStorage.setItem("told", told);
    };
    new MutationObserver(look).observe(document.body, {
        subtree: true, childList: true, characterData: true, attributes: true,
    });
"""

#: Asks for points and figures anew, and leaves before they can have come.
LEAVE = """
    const holder = document.querySelector("[data-chart]");
    holder.dataset.seriesUrl += "&again=" + Date.now();
    document.body.dispatchEvent(new CustomEvent("htmx:afterSwap", { bubbles: true, detail: {
        target: document.body, elt: document.body } }));
    htmx.trigger("#figures", "refresh");
    location.assign("/pending/");
"""


def test_leaving_a_page_tells_no_failure_and_back_is_whole(engine: Engine) -> None:
    engine.sized(1440)
    engine.sign_in()
    for _ in range(3):
        engine.go("/?asset=ETH")
        engine.js(WATCH)
        engine.js(LEAVE)
        engine.until(
            "return location.pathname === '/pending/' && document.readyState === 'complete'"
        )
        assert engine.js("return sessionStorage.getItem('told')") is None
        engine.driver.back()
        engine.until("return location.pathname === '/' && document.readyState === 'complete'")
        engine.until("return document.querySelector('[data-chart]')?.dataset.state === 'ready'")
        assert engine.js("return sessionStorage.getItem('told')") is None
        assert not engine.js("return document.getElementById('live-line').textContent")
