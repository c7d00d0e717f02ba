"""Pages use nothing that the oldest browsers of the README lack.

What is used here and in none of these lists is looked up first: the versions stand in
developer.mozilla.org and caniuse.com. It may be added if Chrome 123, Firefox 124 and Safari 17.5
have it, or if a page loses nothing but looks without it.
"""

import re
from pathlib import Path

import pytest

from tests.conftest import PROJECT

OLDEST = {"Chrome and Edge": "123", "Firefox": "124", "Safari": "17.5"}

AT_RULES = {"keyframes", "layer", "media", "page", "supports"}
#: Without them only looks are lost: page numbers on paper.
AT_RULES_FOR_LOOKS = {"bottom-right"}
CONDITIONS = {
    "forced-colors", "max-width", "min-width", "prefers-reduced-motion", "scripting", "user-select",
}  # fmt: skip
PSEUDOS = {
    "active", "after", "backdrop", "before", "checked", "disabled", "empty", "first-child",
    "first-of-type", "focus", "focus-visible", "focus-within", "has", "hover", "is",
    "last-child", "last-of-type", "not", "nth-child", "only-child", "only-of-type",
    "placeholder-shown", "root", "selection", "where", "-webkit-details-marker",
    "-webkit-datetime-edit",
}  # fmt: skip
FUNCTIONS = {
    "attr", "calc", "clamp", "color-mix", "counter", "has", "inset", "is", "light-dark", "max",
    "min", "minmax", "not", "nth-child", "repeat", "repeating-linear-gradient", "rgb", "url", "var",
    "where", "and", "or",
}  # fmt: skip

#: Too new, or not everywhere: the first versions that have it, "none" where there is none.
NEWER_CSS = {
    r"(?<![-\w])anchor-name|position-anchor|position-area": "Chrome 125, Firefox 147, Safari 26",
    r"animation-timeline|view-timeline|scroll-timeline": "Chrome 115, Firefox none, Safari 26",
    r"field-sizing": "Chrome 123, Firefox none, Safari 26.2",
    r"interpolate-size|calc-size": "Chrome 129, Firefox none, Safari none",
    r"corner-shape": "Chrome 139, Firefox none, Safari none",
    r"reading-flow": "Chrome 137, Firefox none, Safari none",
    r"text-box(-trim|-edge)?\s*:": "Chrome 133, Firefox none, Safari 18.2",
    r"view-transition": "Chrome 111, Firefox 144, Safari 18",
    r"transition-behavior|allow-discrete": "Chrome 117, Firefox 129, Safari 18",
    r"scrollbar-color": "Chrome 121, Firefox 64, Safari 26.2",
    r"ruby-|math-depth": "not everywhere",
}
NEWER_JS = {
    r"startViewTransition": "Chrome 111, Firefox 144, Safari 18",
    r"[sS]howPopover|popover": "Chrome 114, Firefox 125, Safari 17",
    r"\bnew Iterator\b|\.(values|keys|entries)\(\)\.(map|filter|take|drop|toArray)\(":
        "Chrome 122, Firefox 131, Safari 18.4",
    r"\.(union|intersection|difference|isSubsetOf|isSupersetOf)\(":
        "Chrome 122, Firefox 127, Safari 17",
    r"Promise\.try": "Chrome 128, Firefox 134, Safari 18.2",
    r"RegExp\.escape": "Chrome 136, Firefox 134, Safari 18.2",
    r"(fromBase64|toBase64|fromHex|toHex)\(": "Chrome 140, Firefox 133, Safari 18.2",
    r"URL\.parse\(": "Chrome 126, Firefox 126, Safari 18",
    r"URLPattern": "Chrome 95, Firefox 142, Safari 26",
    r"\bnavigation\.": "Chrome 102, Firefox 147, Safari 26.2",
    r"requestIdleCallback": "Chrome 47, Firefox 55, Safari none",
    r"\bscheduler\.": "Chrome 94, Firefox 142, Safari none",
    r"\bTemporal\b": "Chrome 144, Firefox 139, Safari none",
    r"DurationFormat": "Chrome 129, Firefox 136, Safari 16.4",
    r"\bmoveBefore\(": "Chrome 133, Firefox 144, Safari none",
    r"CloseWatcher|closedBy|commandfor": "not everywhere",
    r"Math\.(sumPrecise|f16round)|Float16Array|Error\.isError": "not everywhere",
    r"CSS\.highlights|new Highlight\(": "Chrome 105, Firefox 140, Safari 17.2",
    r"^\s*(await )?using ": "Chrome 134, Firefox 141, Safari none",
    r"\(\?[ims]+-?[ims]*:": "Chrome 125, Firefox 132, Safari 26",
}  # fmt: skip
#: Newer things that code asks for first, and does without.
ASKED_FOR = {
    "PublicKeyCredential.parseCreationOptionsFromJSON",
    "PublicKeyCredential.parseRequestOptionsFromJSON",
}


def css() -> str:
    texts = (
        p.read_text(encoding="utf-8") for p in sorted(Path(PROJECT, "static/css").glob("*.css"))
    )
    return re.sub(r"/\*.*?\*/", "", "\n".join(texts), flags=re.DOTALL)


def scripts() -> str:
    texts = (p.read_text(encoding="utf-8") for p in sorted(Path(PROJECT, "static/js").glob("*.js")))
    text = re.sub(r"/\*.*?\*/", "", "\n".join(texts), flags=re.DOTALL)
    return re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE)


def test_style_sheets_are_made_of_what_the_oldest_browsers_know() -> None:
    text = css()
    queries = " ".join(re.findall(r"@(?:media|supports)([^{]*)", text))
    assert set(re.findall(r"@([\w-]+)", text)) <= AT_RULES | AT_RULES_FOR_LOOKS
    assert set(re.findall(r"\(([\w-]+)\s*[:<>=)]", queries)) <= CONDITIONS
    selectors = " ".join(re.findall(r"(?:^|[{};])([^{};]*)\{", text))
    assert set(re.findall(r":([a-z-]+)", re.sub(r"\([\w-]+:[^)]*\)", "", selectors))) <= PSEUDOS
    assert set(re.findall(r"([a-z-]+)\(", text)) - PSEUDOS <= FUNCTIONS
    # Rules in rules, which Safari 17.5 knows but older tools do not read.
    assert "&" not in text


@pytest.mark.parametrize(("pattern", "since"), NEWER_CSS.items())
def test_style_sheets_use_nothing_newer(pattern: str, since: str) -> None:
    assert not re.search(pattern, css()), since


@pytest.mark.parametrize(("pattern", "since"), NEWER_JS.items())
def test_scripts_use_nothing_newer(pattern: str, since: str) -> None:
    assert not re.search(pattern, scripts(), flags=re.MULTILINE), since


def test_what_is_asked_for_first_has_another_way() -> None:
    text = scripts()
    for name in ASKED_FOR:
        assert f"if ({name})" in text


def test_the_readme_names_the_oldest_versions() -> None:
    text = Path(PROJECT, "README.md").read_text(encoding="utf-8")
    for name, version in OLDEST.items():
        assert f"{name} {version}" in text
