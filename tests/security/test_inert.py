"""Labels and asset names are text and nothing else: in pages, attributes, JSON and files."""

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Organization, User
from accounts.shared.csv_cells import text_cell
from balances.models import Holding
from balances.polling import refreshes
from tests.conftest import Cast, Simulator
from tests.security.test_headers import assert_inert
from tests.support import props
from tests.support.history import coins
from tests.support.markup import Page, read

ODD = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "{{ 7|add:7 }}{% now 'Y' %}",
    "${7*7}`#{7*7}",
    "javascript:alert(1)",
    "&lt;b&gt;&amp;",
    "</script></title></textarea><b>",
)
FORMULAS = (
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", '=HYPERLINK("http://x")', 'a,b;c"d', "a;=1+1;b", "a; @A1",
    'a;"+1"', "a;\N{FULLWIDTH EQUALS SIGN}1+1", "a,-1+1",
)  # fmt: skip
FORMULA_SIGNS = ("=", "+", "-", "@", "\N{FULLWIDTH EQUALS SIGN}")


@pytest.fixture
def browser(cast: Cast, browser_of: Any) -> Client:
    signed_in: Client = browser_of(cast.admin)
    return signed_in


def pages(browser: Client, account: Account, asset: str = "") -> list[Page]:
    query = {"asset": asset, "open": [f"account:{account.uid}", f"production:{asset}"]}
    lists = ("overview", "overview-figures", "accounts", "accounts-figures")
    ones = ("account", "account-figures", "account-parts")
    answers = [browser.get(reverse(name), query) for name in lists]
    answers += [browser.get(reverse(name, args=[account.uid]), query) for name in ones]
    if asset:
        # The asset's own page names it as its unit.
        found = [browser.get(reverse(name), query) for name in ("asset", "asset-figures")]
        assert {one.status_code for one in found} == {200}
        answers += found
    return [read(answer) for answer in answers]


def assert_only_ours(page: Page) -> None:
    assert not page.all("img")
    assert not page.all("textarea")
    for element in page.elements:
        assert_inert(element)
        assert "autofocus" not in element.attributes or element.attributes["name"] == "login"


@pytest.mark.parametrize("label", [*ODD, *FORMULAS])
def test_a_label_is_text(
    custody: Account, simulator: Simulator, browser: Client, label: str
) -> None:
    Account.objects.filter(pk=custody.pk).update(label=label)
    simulator.holds("Custody", BTC=coins(100))
    refreshes.refresh_now([custody])
    found = pages(browser, custody, "BTC")
    for page in found:
        assert_only_ours(page)
    assert any(label in page.text for page in found)
    question = read(browser.get(reverse("account-archive", args=[custody.uid])))
    assert_only_ours(question)
    assert f"Archive {label}?" in question.text
    done = browser.post(reverse("account-archive", args=[custody.uid]), follow=True)
    assert f"{label} is archived." in read(done).text


@pytest.mark.parametrize("asset", [*ODD, *FORMULAS])
def test_an_asset_is_text(
    custody: Account, simulator: Simulator, browser: Client, asset: str
) -> None:
    simulator.holds("Custody", **{asset: coins(100)})
    (record,) = refreshes.refresh_now([custody])
    assert record.outcome == "fresh"
    for page in pages(browser, custody, asset):
        assert_only_ours(page)
        assert page.text.count("1.00")
    series = browser.get(reverse("account-series", args=[custody.uid]), {"asset": asset})
    assert series.headers["Content-Type"] == "application/json"
    assert json.loads(series.content)["asset"] == asset
    assert json.loads(series.content)["total"][-1] == "1.00"


@pytest.mark.parametrize("asset", [*ODD, *FORMULAS])
def test_an_asset_is_a_text_cell_of_a_file(
    custody: Account, simulator: Simulator, browser: Client, asset: str
) -> None:
    simulator.holds("Custody", **{asset: coins(100)})
    refreshes.refresh_now([custody])
    answer = browser.get(reverse("account-series-csv", args=[custody.uid]), {"asset": asset})
    text = answer.content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert {len(row) for row in rows} == {13}
    cells = {row[1] for row in rows[1:]}
    assert cells == {text_cell(asset)}
    assert {cell.replace("'", "") for cell in cells} == {asset.replace("'", "")}
    assert all(f";{sign}" not in text for sign in FORMULA_SIGNS)
    assert all(f",{sign}" not in text for sign in FORMULA_SIGNS)
    disposition = answer.headers["Content-Disposition"]
    assert disposition.isascii()
    assert disposition.count('"') == 2
    name = disposition.split('"')[1]
    assert name.removesuffix(".csv").replace("-", "").replace("_", "").isalnum()


@pytest.mark.parametrize(
    "asset", ["BT\u202eC", "B\u200bTC", "BTC\x00", "BTC\n", "\ufeffBTC", " BTC"]
)
def test_an_asset_that_hides_something_is_left_out_and_shown_nowhere(
    custody: Account, simulator: Simulator, browser: Client, asset: str
) -> None:
    simulator.holds("Custody", BTC=coins(100))
    refreshes.refresh_now([custody])
    simulator.holds("Custody", BTC=coins(500), **{asset: coins(700)})
    (record,) = refreshes.refresh_now([custody])
    assert record.outcome == "fresh"
    assert {held.asset for held in Holding.objects.all()} == {"BTC"}
    found = list(pages(browser, custody, "BTC"))
    assert any("partial" in page.text for page in found)
    for page in found:
        assert "5.00" in page.text
        assert "7.00" not in set(page.amounts())


@pytest.mark.parametrize("name", ODD)
def test_names_of_people_and_organizations_are_text(
    cast: Cast, custody: Account, personal: Account, browser_of: Any, name: str
) -> None:
    Organization.objects.filter(pk=cast.fund.pk).update(name=name)
    User.objects.filter(pk__in=[cast.owner.pk, cast.admin.pk]).update(name=name)
    for who, account in (("admin", custody), ("owner", personal)):
        browser = browser_of(getattr(cast, who))
        for page in [*pages(browser, account), read(browser.get(reverse("account-add")))]:
            assert_only_ours(page)
        assert name in read(browser.get(reverse("accounts"))).text


@pytest.mark.parametrize("text", ODD)
def test_what_stands_in_a_query_is_text(custody: Account, browser: Client, text: str) -> None:
    for path in ("/", "/accounts/", reverse("account", args=[custody.uid])):
        for field in ("asset", "kind", "show", "range", "from", "to", "open", "version", text):
            query = {"range": "custom", field: text}
            assert_only_ours(read(browser.get(path, query)))
    typed = {"label": text, "api_key": text, "owner": text, "environment": text}
    assert_only_ours(read(browser.post(reverse("account-add"), typed)))
    assert_only_ours(read(Client().get(reverse("sign-in"), {"next": text})))
    assert_only_ours(read(Client().post(reverse("sign-in"), {"login": text, "password": "x"})))


def test_a_wrong_answers_own_words_are_text(
    cast: Cast, simulator: Simulator, browser: Client
) -> None:
    account = props.enrolled(simulator.key("Reserve"), "Reserve", cast.fund)
    body = json.dumps({"assets": {ODD[0]: {"total": ODD[1]}}})
    simulator.fails("Reserve", "body", body=body)
    refreshes.refresh_now([account])
    page = read(browser.get(reverse("account", args=[account.uid])))
    assert_only_ours(page)
    assert "The answer was not understood" in page.text
