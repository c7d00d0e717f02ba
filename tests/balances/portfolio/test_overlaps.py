"""Accounts that answer for the same Qredo account are named to whoever sees them both."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Account, ApiKey, Environment, Membership, Role, User
from balances.lifecycle import ownership, pausing
from balances.portfolio import overlaps, similarity
from tests.conftest import Cast, Simulator
from tests.support import props
from tests.support.history import StoppedClock, at, coins, keyless, seen
from tests.support.markup import Page, read, shown

START = at(10)
CERTAIN = "Custody and Custody copy answer for the same Qredo account: "
TWICE = "their amounts are in the totals twice."
SEEMS = "Custody and Custody copy gave the same balances over time and seem to answer for the same"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    return StoppedClock(monkeypatch, at(11))


@pytest.fixture
def custody(cast: Cast, clock: StoppedClock) -> Account:  # noqa: ARG001
    return keyless("Custody", at(10))


@pytest.fixture
def copy(custody: Account) -> Account:  # noqa: ARG001
    return keyless("Custody copy", at(10, 2))


def told(account: Account, qredo_account: str, **given: Any) -> ApiKey:
    """Let an account have a key of which Qredo told what it answers for."""
    return ApiKey.objects.create(
        account=account,
        key_id=f"key-{account.pk}",
        sealed="hpke1.AQ" + "A" * 80,
        qredo_account=qredo_account,
        **given,
    )


def saw(account: Account, totals: Sequence[int], first: datetime = START) -> None:
    """Let an account hold so many hundredths of a bitcoin, poll by poll."""
    for number, total in enumerate(totals):
        seen(account, first + timedelta(minutes=5 * number), BTC=coins(total))


def alike(one: Account, other: Account, totals: Sequence[int] = (100, 250, 175)) -> None:
    """Let two accounts see the same, the other one two minutes later each time."""
    saw(one, totals)
    saw(other, totals, at(10, 2))


def found(user: User, *accounts: Account) -> list[tuple[list[str], bool]]:
    return [
        ([account.label for account in one.accounts], one.is_certain)
        for one in overlaps.among(user, accounts)
    ]


BOTH = ["Custody", "Custody copy"]


def test_what_qredo_tells_of_both_keys_is_certain(
    custody: Account, copy: Account, cast: Cast
) -> None:
    told(custody, "2A3xyz")
    key = told(copy, "2A3xyz")
    assert found(cast.viewer, copy, custody) == [(BOTH, True)]
    ApiKey.objects.filter(pk=key.pk).update(qredo_account="another")
    assert found(cast.viewer, custody, copy) == []
    ApiKey.objects.update(qredo_account="")
    assert found(cast.viewer, custody, copy) == []


def test_a_key_that_has_ended_tells_nothing(custody: Account, copy: Account, cast: Cast) -> None:
    told(custody, "2A3xyz")
    key = told(copy, "2A3xyz")
    ApiKey.objects.filter(pk=key.pk).update(sealed="", replaced_at=at(10))
    assert found(cast.viewer, custody, copy) == []


def test_three_accounts_are_one_overlap(custody: Account, copy: Account, cast: Cast) -> None:
    third = keyless("Third", at(10))
    for account in (custody, copy, third):
        told(account, "2A3xyz")
    assert found(cast.viewer, custody, copy, third) == [([*BOTH, "Third"], True)]


@pytest.mark.parametrize("place", [{"environment": Environment.SANDBOX}, {"is_demo": True}])
def test_what_is_called_the_same_elsewhere_is_something_else(
    custody: Account, copy: Account, cast: Cast, place: dict[str, Any]
) -> None:
    for account in (custody, copy):
        told(account, "2A3xyz")
    Account.objects.filter(pk=copy.pk).update(**place)
    copy.refresh_from_db()
    assert found(cast.viewer, custody, copy) == []
    ApiKey.objects.all().delete()
    alike(custody, copy)
    assert found(cast.viewer, custody, copy) == []


def test_three_changes_in_common_are_probable(custody: Account, copy: Account, cast: Cast) -> None:
    alike(custody, copy, (100, 250))
    assert found(cast.viewer, custody, copy) == []
    seen(custody, at(10, 10), BTC=coins(175))
    assert found(cast.viewer, custody, copy) == []
    seen(copy, at(10, 12), BTC=coins(175))
    assert found(cast.viewer, custody, copy) == [(BOTH, False)]


@pytest.mark.parametrize(
    "totals", [(100, 100, 100, 100), (0, 0, 0), (100, 250, 100, 250, 100)], ids=str
)
def test_what_stays_the_same_or_goes_to_and_fro_is_no_evidence(
    custody: Account, copy: Account, cast: Cast, totals: Sequence[int]
) -> None:
    alike(custody, copy, totals)
    assert found(cast.viewer, custody, copy) == []


def test_answers_that_say_nothing_in_many_ways_are_no_evidence(
    custody: Account, copy: Account, cast: Cast
) -> None:
    nothing: list[dict[str, Any]] = [{}, {"BTC": coins(0)}, {"BTC": coins(0), "ETH": coins(0)}]
    for account, minute in ((custody, 0), (copy, 2)):
        for number, assets in enumerate([*nothing, {"BTC": coins(100)}]):
            seen(account, at(10, minute + 5 * number), **assets)
    assert found(cast.viewer, custody, copy) == []


def test_the_same_at_other_times_is_no_evidence(
    custody: Account, copy: Account, cast: Cast
) -> None:
    saw(custody, (100, 250, 175))
    saw(copy, (100, 250, 175), at(10, 22))
    assert found(cast.viewer, custody, copy) == []


def test_who_differs_now_is_another_account_by_now(
    custody: Account, copy: Account, cast: Cast
) -> None:
    alike(custody, copy)
    seen(copy, at(10, 17), BTC=coins(180))
    # The first was not asked since: it may have changed alike.
    assert found(cast.viewer, custody, copy) == [(BOTH, False)]
    seen(custody, at(10, 20), BTC=coins(175))
    assert found(cast.viewer, custody, copy) == []


def test_what_is_empty_by_now_is_nowhere_twice(custody: Account, copy: Account, cast: Cast) -> None:
    alike(custody, copy, (100, 250, 175, 0))
    assert found(cast.viewer, custody, copy) == []


def test_qredo_knows_better(custody: Account, copy: Account, cast: Cast) -> None:
    alike(custody, copy)
    told(custody, "one")
    assert found(cast.viewer, custody, copy) == [(BOTH, False)]
    told(copy, "another")
    assert found(cast.viewer, custody, copy) == []


def test_what_many_accounts_answer_tells_nothing(custody: Account, cast: Cast) -> None:
    many = [custody, *(keyless(f"Vault {n}", at(10)) for n in range(similarity.MOST_ALIKE - 1))]
    for account in many:
        saw(account, (100, 250, 175))
    assert len(found(cast.viewer, *many)[0][0]) == similarity.MOST_ALIKE
    one_more = keyless("One more", at(10))
    saw(one_more, (100, 250, 175))
    assert found(cast.viewer, *many, one_more) == []


def test_what_was_observed_before_the_readers_time_is_not_compared(
    custody: Account, copy: Account, cast: Cast, clock: StoppedClock
) -> None:
    ownership.transfer(copy, cast.other, by=None, at=at(9))
    alike(custody, copy, (100, 250, 175, 150))
    clock.now = at(11)
    ownership.transfer(copy, cast.fund, by=None, at=at(10, 8))
    copy.refresh_from_db()
    assert found(cast.viewer, custody, copy) == []
    saw(custody, (160,), at(10, 20))
    saw(copy, (160,), at(10, 22))
    assert found(cast.viewer, custody, copy) == [(BOTH, False)]


def test_a_turn_in_the_past_counts_though_nothing_was_seen_since(
    custody: Account, copy: Account, cast: Cast, clock: StoppedClock
) -> None:
    alike(custody, copy)
    clock.now = at(11)
    assert found(cast.viewer, custody, copy) == [(BOTH, False)]
    ownership.transfer(copy, cast.other, by=None, at=at(9))
    ownership.transfer(copy, cast.fund, by=None, at=at(10, 8))
    copy.refresh_from_db()
    assert found(cast.viewer, custody, copy) == []


def pages(browser: Any, *accounts: Account) -> list[Page]:
    return [shown(browser, "overview"), *(shown(browser, "account", one) for one in accounts)]


def test_overview_and_both_pages_name_both_and_lead_to_the_decision(
    custody: Account, copy: Account, cast: Cast, browser_of: Any
) -> None:
    saw(custody, (100,))
    saw(copy, (100,), at(10, 2))
    for account in (custody, copy):
        told(account, "2A3xyz")
    decision = reverse("account-counting", args=[copy.uid])
    for page in pages(browser_of(cast.admin), custody, copy):
        assert page.text.count(CERTAIN) == 1
        assert page.text.count(TWICE) == 1
        assert "Decide whether Custody copy counts" in page.text
        assert decision in {link.attributes["href"] for link in page.all("a")}
    for page in pages(browser_of(cast.viewer), custody, copy):
        assert f"{CERTAIN}{TWICE} Who administers one of them decides" in page.text
        assert decision not in {link.attributes.get("href") for link in page.all("a")}


def test_what_only_seems_so_is_said_so(
    custody: Account, copy: Account, cast: Cast, browser_of: Any
) -> None:
    alike(custody, copy)
    admin = browser_of(cast.admin)
    for page in pages(admin, custody, copy):
        assert SEEMS in page.text
        assert TWICE in page.text
    assert "Same Qredo account as Custody it seems" in shown(admin, "account", copy).text
    assert "it seems to be the same Qredo account" in shown(admin, "account-counting", copy).text


def test_the_overview_follows_a_turn_in_the_past(
    custody: Account, copy: Account, cast: Cast, clock: StoppedClock, browser_of: Any
) -> None:
    alike(custody, copy)
    viewer = browser_of(cast.viewer)
    clock.now = at(11)
    assert SEEMS in shown(viewer, "overview").text
    # Since then nothing that both gave was in the reader's time.
    ownership.transfer(copy, cast.other, by=None, at=at(9))
    ownership.transfer(copy, cast.fund, by=None, at=at(10, 13))
    for page in (shown(viewer, "overview"), shown(viewer, "account", custody)):
        assert "seem" not in page.text
        assert TWICE not in page.text


def test_once_decided_it_is_a_fact_and_no_trouble(
    custody: Account, copy: Account, cast: Cast, browser_of: Any
) -> None:
    for account in (custody, copy):
        told(account, "2A3xyz")
    ownership.count(copy, counted=False, by=cast.admin)
    overview, *both = pages(browser_of(cast.viewer), custody, copy)
    assert "the same Qredo account" not in overview.text
    for page, other in zip(both, ("Custody copy", "Custody"), strict=True):
        assert "their amounts are in the totals" not in page.text
        assert f"Same Qredo account as {other} " in page.text


@pytest.mark.usefixtures("clock")
def test_what_is_archived_is_in_no_total_twice(
    custody: Account, copy: Account, cast: Cast, browser_of: Any
) -> None:
    for account in (custody, copy):
        told(account, "2A3xyz")
    pausing.archive(copy, by=None)
    for page in pages(browser_of(cast.viewer), custody, copy):
        assert "ame Qredo account" not in page.text


def test_nobody_learns_of_an_account_beyond_their_scope(
    custody: Account, copy: Account, cast: Cast, browser_of: Any
) -> None:
    alike(custody, copy)
    for account in (custody, copy):
        told(account, "2A3xyz")
    ownership.transfer(copy, cast.other, by=None)
    for who, account in ((cast.admin, custody), (cast.stranger, copy)):
        for page in pages(browser_of(who), account):
            assert "ame Qredo account" not in page.text
    Membership.objects.create(user=cast.viewer, organization=cast.other, role=Role.ADMIN)
    (page, *_) = pages(browser_of(cast.viewer))
    # Who sees both is told, and decides about the one that they administer.
    assert CERTAIN in page.text
    assert "Decide whether Custody copy counts" in page.text


def test_added_twice_by_the_same_key_it_is_certain(
    cast: Cast, simulator: Simulator, browser_of: Any
) -> None:
    key = simulator.key("Spare organization")
    admin = browser_of(cast.admin)
    for label, owner in (("Custody", str(cast.fund.uid)), ("Custody copy", "personal")):
        sent = {"label": label, "owner": owner, "environment": "production"}
        sent |= {"api_key": key[0], "api_secret": key[1], "wallets": "all"}
        assert admin.post(reverse("account-add"), sent).status_code == 302
    assert CERTAIN in shown(admin, "overview").text
    assert "Qredo account" not in shown(browser_of(cast.viewer), "overview").text


def with_key(account: Account, key_id: str = "_lJCqc-T3cnNpw", **given: Any) -> ApiKey:
    """Let an account have a key of which Qredo told nothing."""
    return ApiKey.objects.create(
        account=account, key_id=key_id, sealed="hpke1.AQ" + "A" * 80, **given
    )


def test_the_same_key_is_certain_though_nothing_ever_changed(
    custody: Account, copy: Account, cast: Cast, browser_of: Any
) -> None:
    for account in (custody, copy):
        with_key(account)
        seen(account, at(10, 10), BTC=coins(500))
    assert found(cast.viewer, custody, copy) == [(BOTH, True)]
    overview, *both = pages(browser_of(cast.viewer), custody, copy)
    assert f"{CERTAIN}{TWICE}" in overview.text
    for page, other in zip(both, ("Custody copy", "Custody"), strict=True):
        assert f"Same Qredo account as {other} " in page.text


def test_what_is_certain_is_not_said_to_seem_so_as_well(
    custody: Account, copy: Account, cast: Cast
) -> None:
    alike(custody, copy)
    for account in (custody, copy):
        with_key(account)
    assert found(cast.viewer, custody, copy) == [(BOTH, True)]


def test_an_ended_key_and_another_spelling_are_other_keys(
    custody: Account, copy: Account, cast: Cast
) -> None:
    with_key(custody)
    key = with_key(copy, "_LJCQC-t3CNnPW")
    assert found(cast.viewer, custody, copy) == []
    ApiKey.objects.filter(pk=key.pk).update(key_id="_lJCqc-T3cnNpw", sealed="", replaced_at=at(10))
    assert found(cast.viewer, custody, copy) == []


@pytest.mark.parametrize("place", [{"environment": Environment.SANDBOX}, {"is_demo": True}])
def test_a_key_elsewhere_is_another_key(
    custody: Account, copy: Account, cast: Cast, place: dict[str, Any]
) -> None:
    for account in (custody, copy):
        with_key(account)
    Account.objects.filter(pk=copy.pk).update(**place)
    copy.refresh_from_db()
    assert found(cast.viewer, custody, copy) == []


def test_key_ids_and_what_qredo_told_hang_accounts_together(
    custody: Account, copy: Account, cast: Cast
) -> None:
    third = keyless("Third", at(10))
    with_key(custody, qredo_account="2A3xyz")
    with_key(copy)
    told(third, "2A3xyz")
    assert found(cast.viewer, custody, copy, third) == [([*BOTH, "Third"], True)]


def test_any_number_of_accounts_with_one_key_is_one_overlap(
    custody: Account, cast: Cast, browser_of: Any
) -> None:
    many = [custody, *(keyless(f"Vault {n}", at(10)) for n in range(8))]
    for account in many:
        with_key(account)
    assert found(cast.viewer, *many) == [([account.label for account in many], True)]
    (overview,) = pages(browser_of(cast.viewer))
    assert "Custody, Vault 0, Vault 1, Vault 2, Vault 3 and 4 more answer for" in overview.text
    assert "in the totals 9 times" in overview.text


def test_the_same_key_of_an_account_beyond_ones_scope_is_never_told(
    custody: Account, copy: Account, cast: Cast, browser_of: Any
) -> None:
    for account in (custody, copy):
        with_key(account)
    ownership.transfer(copy, cast.other, by=None)
    for who, account in ((cast.admin, custody), (cast.stranger, copy)):
        for page in pages(browser_of(who), account):
            assert "ame Qredo account" not in page.text


def test_adding_a_key_that_a_readers_account_has_is_said_at_once(
    cast: Cast, simulator: Simulator, browser_of: Any
) -> None:
    key = simulator.key("Spare organization")
    admin, said = browser_of(cast.admin), []
    for label, owner in (("Custody", str(cast.fund.uid)), ("Mine", "personal")):
        sent = {"label": label, "owner": owner, "environment": "production"}
        sent |= {"api_key": f" {key[0]} ", "api_secret": key[1], "wallets": "all"}
        added = admin.post(reverse("account-add"), sent, follow=True)
        said.append("Mine answers for the same Qredo account as Custody" in read(added).text)
    assert said == [False, True]


def test_adding_a_key_that_a_stranger_has_is_no_news(
    cast: Cast, simulator: Simulator, browser_of: Any
) -> None:
    key = simulator.key("Spare organization")
    said = []
    for who, owner in ((cast.stranger, cast.other), (cast.admin, cast.fund)):
        sent = {"label": "Custody", "owner": str(owner.uid), "environment": "production"}
        sent |= {"api_key": key[0], "api_secret": key[1], "wallets": "all"}
        added = browser_of(who).post(reverse("account-add"), sent, follow=True)
        text = read(added).text
        said.append(("Custody is added; its key answered." in text, "ame Qredo account" in text))
    assert said == [(True, False), (True, False)]


def test_a_new_key_that_another_account_of_the_reader_has_is_said_at_once(
    cast: Cast, simulator: Simulator, browser_of: Any
) -> None:
    mine = props.enrolled(simulator.key("Spare organization"), "Mine", cast.admin)
    custody = props.enrolled(simulator.key("Custody"), "Custody", cast.fund)
    key = simulator.key("Spare organization")
    sent = {"api_key": key[0], "api_secret": key[1], "wallets": "all"}
    sent |= {"replaces": str(custody.keys.get().uid)}
    url = reverse("account-key", args=[custody.uid])
    page = read(browser_of(cast.admin).post(url, sent, follow=True))
    assert f"Custody answers for the same Qredo account as {mine.label}" in page.text


def test_an_operator_is_told_of_accounts_with_the_same_key_that_count_still(
    custody: Account, copy: Account, cast: Cast
) -> None:
    elsewhere = keyless("Elsewhere", at(10))
    Account.objects.filter(pk=elsewhere.pk).update(environment=Environment.SANDBOX)
    for account in (custody, copy, elsewhere):
        with_key(account)
    assert overlaps.accounts_with_key_of(custody) == [copy]
    assert overlaps.accounts_with_key_of(copy) == [custody]
    pausing.archive(copy, by=cast.admin)
    assert overlaps.accounts_with_key_of(custody) == []
