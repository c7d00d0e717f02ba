"""The life of an account's key: replaced once the new one answered, revoked, remembered."""

import base64
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import qredo
from accounts import enrolment
from accounts.models import Account, ApiKey, Environment
from accounts.vault import keysets, rotation
from balances.evidence.verification.verify import verify
from balances.lifecycle import keys, pausing
from balances.models import Pause, Refresh, Schedule
from balances.polling import claims, poll, refreshes
from tests.conftest import Cast, Simulator
from tests.support import canary, props
from tests.support.history import StoppedClock, assert_tiled, at, coins, words
from tests.support.markup import Page, read

NEXT = "Settlement"


def path(account: Account) -> str:
    return reverse("account-key", args=[account.uid])


@pytest.fixture
def admin(cast: Cast, browser_of: Any) -> Client:
    browser: Client = browser_of(cast.admin)
    return browser


def typed(browser: Client, account: Account, key: tuple[str, str]) -> dict[str, str]:
    """What a person sends who has looked at the page and makes no mistake."""
    shown = read(browser.get(path(account))).values()
    return shown | {"api_key": key[0], "api_secret": key[1]}


def active(account: Account) -> ApiKey:
    return ApiKey.objects.get(account=account, replaced_at=None)


def page_of(browser: Client, account: Account) -> Page:
    return read(browser.get(reverse("account", args=[account.uid])))


def test_a_key_is_replaced_once_the_new_one_answered(
    cast: Cast, custody: Account, simulator: Simulator, admin: Client
) -> None:
    old = active(custody)
    simulator.holds(NEXT, BTC=coins(777))
    answer = admin.post(path(custody), typed(admin, custody, simulator.key(NEXT)))
    assert answer.headers["Location"] == reverse("account", args=[custody.uid])
    new = active(custody)
    assert (new.key_id, new.created_by) == (simulator.key(NEXT)[0], cast.admin)
    assert new.verified_at is not None
    old.refresh_from_db()
    assert (old.sealed, old.is_revoked, old.ended_by) == ("", False, cast.admin)
    assert old.replaced_at is not None
    refreshes.carry_out([Refresh.objects.get().pk])
    page = page_of(admin, custody)
    assert "Custody has a new API key; it answered." in page.text
    assert "7.77" in page.text
    listed = read(admin.get(path(custody))).text
    assert old.key_id in listed
    assert "Replaced just now" in listed


@pytest.mark.parametrize(
    ("fault", "said"),
    [("401", "rejected the API key"), ("403", "lacks the permission Balances")],
)
def test_until_it_answered_the_old_one_goes_on(
    custody: Account, simulator: Simulator, admin: Client, fault: str, said: str
) -> None:
    before = ApiKey.objects.values().get()
    simulator.fails(NEXT, fault)
    sent = typed(admin, custody, simulator.key(NEXT))
    answer = admin.post(path(custody), sent)
    page = read(answer)
    assert answer.status_code == 422
    assert said in page.text
    assert page.has("ul", id="id_api_key_error")
    assert page.values()["api_key"] == sent["api_key"]
    assert page.values()["api_secret"] == ""
    assert sent["api_secret"] not in answer.content.decode()
    assert ApiKey.objects.values().get() == before
    assert refreshes.refresh_now([custody])[0].outcome == "fresh"


@pytest.mark.parametrize("secret", ["", "not base64 at all!", "A" * 1_000_000, "A" * 2_000])
def test_a_secret_that_is_none(
    custody: Account, simulator: Simulator, admin: Client, secret: str
) -> None:
    before = ApiKey.objects.values().get()
    sent = typed(admin, custody, simulator.key(NEXT)) | {"api_secret": secret}
    page = read(admin.post(path(custody), sent))
    assert page.has("ul", id="id_api_secret_error")
    assert ApiKey.objects.values().get() == before


def test_a_secret_shows_itself_nowhere(
    custody: Account, simulator: Simulator, admin: Client
) -> None:
    sent = typed(admin, custody, simulator.key(NEXT))
    odd = [{"api_secret": canary.TEXT}, {"api_key": canary.URL_SAFE}, {"replaces": canary.TEXT}]
    for change in odd:
        answer = admin.post(path(custody), sent | {"api_secret": canary.TEXT} | change)
        assert answer.status_code == 422
        assert canary.found_in(answer.content) == []


def test_two_admins_at_once_replace_it_once(
    cast: Cast, custody: Account, simulator: Simulator, admin: Client, browser_of: Any
) -> None:
    cast.fund.memberships.filter(user=cast.operator).update(role="admin")
    other = browser_of(cast.operator)
    mine = typed(admin, custody, simulator.key(NEXT))
    theirs = typed(other, custody, simulator.key("Reserve"))
    assert admin.post(path(custody), mine).status_code == 302
    late = other.post(path(custody), theirs)
    page = read(late)
    assert late.status_code == 422
    assert "Somebody else changed this account's key meanwhile" in page.text
    assert active(custody).key_id == mine["api_key"]
    # Having read that, the second one may replace the first one's key on purpose.
    again = {**theirs, "replaces": page.values()["replaces"]}
    assert other.post(path(custody), again).status_code == 302
    assert active(custody).key_id == theirs["api_key"]
    assert ApiKey.objects.filter(account=custody).count() == 3


def test_sent_twice_it_is_done_once(custody: Account, simulator: Simulator, admin: Client) -> None:
    sent = typed(admin, custody, simulator.key(NEXT))
    assert admin.post(path(custody), sent).status_code == 302
    calls = simulator.requests_of(NEXT)
    assert admin.post(path(custody), sent).status_code == 302
    assert simulator.requests_of(NEXT) == calls
    assert ApiKey.objects.filter(account=custody).count() == 2
    assert Refresh.objects.count() == 1


def test_overtaken_while_it_is_tested(
    custody: Account, simulator: Simulator, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = typed(admin, custody, simulator.key(NEXT))
    test_key, second = enrolment.test_key, []

    def overtaken(candidate: enrolment.Candidate, **options: Any) -> Any:
        monkeypatch.setattr(enrolment, "test_key", test_key)
        second.append(admin.post(path(custody), sent).status_code)
        return test_key(candidate, **options)

    monkeypatch.setattr(enrolment, "test_key", overtaken)
    assert admin.post(path(custody), sent).status_code == 302
    assert second == [302]
    assert ApiKey.objects.filter(account=custody).count() == 2


def test_a_key_that_another_account_of_this_owner_has(
    custody: Account, trading: Account, simulator: Simulator, admin: Client
) -> None:
    sent = typed(admin, custody, simulator.key("Trading"))
    page = read(admin.post(path(custody), sent))
    assert "in use already, for the account Trading" in page.text
    assert active(trading).key_id != active(custody).key_id


def test_a_strangers_use_of_a_key_is_no_news(
    custody: Account, foreign: Account, simulator: Simulator, admin: Client
) -> None:
    sent = typed(admin, custody, simulator.key("Hot wallet"))
    assert admin.post(path(custody), sent).status_code == 302
    assert active(foreign).key_id == active(custody).key_id


def test_a_key_of_another_qredo_account_would_mix_two_histories(
    cast: Cast, simulator: Simulator, admin: Client
) -> None:
    key = simulator.key("Spare organization")
    told = {"label": "Spare", "owner": str(cast.fund.uid), "environment": "production"}
    told |= {"wallets": "all"}
    admin.post("/accounts/add/", {**told, "api_key": key[0], "api_secret": key[1]})
    account = Account.objects.get()
    page = read(admin.post(path(account), typed(admin, account, simulator.key("Collateral"))))
    assert "another Qredo account" in page.text
    assert "Add it as an account of its own" in page.text
    assert active(account).key_id == key[0]
    # The same account's key, made anew in Qredo, and one that may not tell whose it is, are taken.
    assert admin.post(path(account), typed(admin, account, key)).status_code == 302
    assert admin.post(path(account), typed(admin, account, simulator.key(NEXT))).status_code == 302
    # What was known before the key that does not tell is remembered.
    page = read(admin.post(path(account), typed(admin, account, simulator.key("Collateral"))))
    assert "another Qredo account" in page.text


def test_a_revoked_key_is_erased_and_nothing_is_polled_until_there_is_another(
    cast: Cast, custody: Account, simulator: Simulator, admin: Client
) -> None:
    simulator.holds("Custody", BTC=coins(125))
    refreshes.refresh_now([custody])
    revoke = reverse("account-key-revoke", args=[custody.uid])
    assert read(admin.get(revoke)).has("form", action=revoke)
    assert active(custody).sealed
    text = read(admin.post(revoke, follow=True)).text
    assert "is revoked and erased" in text
    assert "No key since" in text
    assert "Add a new one; it is not polled until then." in text
    assert "1.25" in text
    key = ApiKey.objects.get(account=custody)
    assert (key.sealed, key.is_revoked, key.ended_by) == ("", True, cast.admin)
    later = timezone.now() + timedelta(days=1)
    assert claims.claim_due(limit=10, now=later, only=[custody.pk]) == []
    assert admin.post(revoke).status_code == 302
    assert Pause.objects.count() == 1
    assert verify().findings == []
    assert admin.post(path(custody), typed(admin, custody, simulator.key(NEXT))).status_code == 302
    custody.refresh_from_db()
    assert custody.is_polled
    assert [c.account_id for c in claims.claim_due(limit=10, now=later, only=[custody.pk])] == [
        custody.pk
    ]
    assert "Revoked just now" in read(admin.get(path(custody))).text


def test_without_a_key_no_refresh_and_no_resuming(
    cast: Cast, custody: Account, admin: Client
) -> None:
    keys.revoke_key(custody, by=cast.admin)
    refresh = admin.post(reverse("account-refresh", args=[custody.uid]), follow=True)
    assert "This account has no API key. Add one first." in read(refresh).text
    assert not pausing.resume(custody, by=None)
    assert "No key" in page_of(admin, custody).text
    assert not Refresh.objects.exists()
    shown = read(admin.get(reverse("overview"), {"show": "attention"})).text
    assert "Custody" in shown


def test_what_a_person_paused_stays_paused_with_a_new_key(
    cast: Cast, custody: Account, simulator: Simulator, admin: Client
) -> None:
    pausing.pause(custody, by=cast.operator)
    keys.revoke_key(custody, by=cast.admin)
    assert "No key" in page_of(admin, custody).text
    admin.post(path(custody), typed(admin, custody, simulator.key(NEXT)))
    assert "Paused since" in page_of(admin, custody).text
    assert verify().findings == []
    assert not Refresh.objects.exists()
    assert pausing.resume(custody, by=None)
    assert_tiled(custody)


def test_what_was_archived_waits_for_its_key_after_it_is_restored(
    cast: Cast, custody: Account, simulator: Simulator, admin: Client
) -> None:
    keys.revoke_key(custody, by=cast.admin)
    pausing.archive(custody, by=None)
    restored = admin.post(reverse("account-restore", args=[custody.uid]), follow=True)
    assert "it is polled once it has an API key" in read(restored).text
    assert verify().findings == []
    assert "No key" in page_of(admin, custody).text
    admin.post(path(custody), typed(admin, custody, simulator.key(NEXT)))
    custody.refresh_from_db()
    assert custody.is_polled
    assert_tiled(custody)


def test_an_answer_to_the_key_before_says_nothing_of_the_new_one(
    cast: Cast, custody: Account, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = StoppedClock(monkeypatch, at(10))
    props.scheduled(custody, at(10), 300)
    simulator.fails("Custody", "401")
    (claim,) = claims.claim_due(limit=1, now=at(10), only=[custody.pk])
    clock.now = at(10, 1)
    replaced(custody, simulator, cast)
    assert poll.poll([claim], now=at(10, 1)) == []
    schedule = Schedule.objects.get(account=custody)
    assert (schedule.base_interval_seconds, schedule.next_slot) == (None, at(10))
    assert [record.outcome for record in props.polled([custody], at(10, 2))] == ["fresh"]
    assert words(custody) == [("fresh", "", 1)]


def replaced(account: Account, simulator: Simulator, cast: Cast) -> None:
    key_id, secret = simulator.key(NEXT)
    candidate = enrolment.Candidate(key_id, qredo.decode_secret(secret), Environment.PRODUCTION)
    keys.replace_key(candidate, account, instead_of=active(account).uid, by=cast.admin)


def test_an_old_key_is_a_reminder_to_those_who_can_act(
    cast: Cast, custody: Account, admin: Client, browser_of: Any, settings: Any
) -> None:
    settings.KEY_REMINDER_DAYS = 90
    said = "This API key is 91 days old."
    assert said not in page_of(admin, custody).text
    ApiKey.objects.update(created_at=timezone.now() - timedelta(days=91, minutes=1))
    assert said in page_of(admin, custody).text
    assert said in read(admin.get(path(custody))).text
    assert said not in page_of(browser_of(cast.viewer), custody).text


def test_age_and_last_use_are_those_of_this_key(
    cast: Cast, custody: Account, simulator: Simulator, admin: Client
) -> None:
    assert "Last used not yet" in read(admin.get(path(custody))).text
    refreshes.refresh_now([custody])
    text = read(admin.get(path(custody))).text
    assert "Last used just now" in text
    assert "Last accepted just now" in text
    replaced(custody, simulator, cast)
    assert "Last used not yet" in read(admin.get(path(custody))).text


def test_the_page_says_what_a_key_reveals_and_what_is_left_out(
    custody: Account, admin: Client
) -> None:
    text = read(admin.get(path(custody))).text
    for said in (
        "Balances is enough and is what we recommend",
        "Read-only works too, but reveals more: members, names and e-mail addresses",
        "Submit DeFi transactions must never be given",
        "limited to some wallets",
        "Assets in connected wallets are not part of the balances",
    ):
        assert said in text


def test_keys_of_a_lost_vault_key_can_be_given_up(
    custody: Account, trading: Account, admin: Client
) -> None:
    (held,) = rotation.standing().held
    with pytest.raises(CommandError, match="nothing is lost"):
        call_command("revoke_lost_keys", str(held))
    lost = keysets.primary_id(keysets.new_keyset())
    with pytest.raises(CommandError, match="No stored API key"):
        call_command("revoke_lost_keys", str(lost))
    ApiKey.objects.filter(account=custody).update(sealed=sealed_elsewhere())
    (strange,) = rotation.counts().keys() - {held}
    out = StringIO()
    call_command("revoke_lost_keys", str(strange), stdout=out)
    assert str(custody.uid) in out.getvalue()
    assert "No key" in page_of(admin, custody).text
    assert active(trading).sealed
    rotation.check_stored()


def sealed_elsewhere() -> str:
    sealer = keysets.sealer(keysets.public_half(keysets.new_keyset()))
    sealed = sealer.encrypt(b"a made-up secret, 32 bytes long.", b"context")
    return "hpke1." + base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def test_only_those_who_administer_it_find_the_way_there(
    cast: Cast, custody: Account, browser_of: Any
) -> None:
    for who, there in (("viewer", False), ("operator", False), ("auditor", False), ("admin", True)):
        page = page_of(browser_of(getattr(cast, who)), custody)
        assert bool(page.all("a", href=path(custody))) is there, who
