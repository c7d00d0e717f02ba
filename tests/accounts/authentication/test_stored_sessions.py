"""What is stored of sessions signs nobody in: digests of cookies, and sealed text."""

import importlib
from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.contrib.sessions.backends.db import SessionStore as PlainStore
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.access.session_store import SessionStore, digest
from accounts.models import User
from accounts.tasks import forget_sessions
from tests.conftest import Cast
from tests.support import canary, props
from tests.support.servers import broker

MIGRATION = importlib.import_module("accounts.migrations.0008_sessions")
PLAIN = "plain0123456789abcdefghijklmnopq"


def arrived(user: User) -> Client:
    browser = Client()
    typed = {"login": user.email, "password": props.PASSWORD}
    assert browser.post(reverse("sign-in"), typed).status_code == 302
    return browser


def is_signed_in(browser: Client) -> bool:
    return browser.get(reverse("profile")).status_code == 200


def cookie(browser: Client) -> str:
    return str(browser.cookies["session"].value)


def everything_stored() -> list[bytes]:
    """Every row of every table, and every key and value in Valkey."""
    stored = [row for name in canary.tables() for row in canary.rows(name)]
    link = broker.link()
    for database in (0, 1):
        link.select(database)
        for key in link.scan_iter():
            stored += [key.encode() if isinstance(key, str) else key, str(link.dump(key)).encode()]
    link.close()
    return stored


def test_no_table_and_no_cache_holds_the_value_of_a_cookie(cast: Cast) -> None:
    browser = arrived(cast.viewer)
    cache.set("something", "is there")
    browser.get(reverse("overview"))
    for value in (cookie(browser), str(browser.cookies["csrftoken"].value)):
        for material in everything_stored():
            assert value.encode() not in material
    assert is_signed_in(browser)


def test_what_is_stored_is_no_cookie(cast: Cast) -> None:
    arrived(cast.viewer)
    stored = [*Session.objects.values_list("session_key", "session_data")[0]]
    stored += UserSession.objects.values_list("session_key", flat=True)
    for value in stored:
        thief = Client()
        thief.cookies["session"] = value
        assert not is_signed_in(thief)


def test_what_a_session_holds_is_sealed(cast: Cast, settings: Any) -> None:
    browser = arrived(cast.viewer)
    browser.get(reverse("mfa_activate_totp"))
    (data,) = Session.objects.values_list("session_data", flat=True)
    assert PlainStore().decode(data) == {}
    assert SessionStore().decode(data)["_auth_user_id"] == str(cast.viewer.pk)
    settings.SECRET_KEY = "another one, with which nothing here was sealed"
    assert SessionStore().decode(data) == {}


def test_a_key_that_changes_leaves_nothing_of_the_one_before(cast: Cast) -> None:
    browser = arrived(cast.viewer)
    session = browser.session
    before = str(session.session_key)
    session.cycle_key()
    session.save()
    assert not SessionStore(before).exists(before)
    assert SessionStore(session.session_key)["_auth_user_id"] == str(cast.viewer.pk)
    session.flush()
    assert not Session.objects.exists()


def test_a_session_that_was_ended_is_not_saved_again(cast: Cast) -> None:
    session = arrived(cast.viewer).session
    assert session["_auth_user_id"]
    Session.objects.all().delete()
    session["more"] = 1
    with pytest.raises(UpdateError):
        session.save()


@pytest.mark.django_db
def test_asynchronous_access_stores_no_key_either() -> None:
    # They are the base's, which call these here; a store of Django's would have its own.
    asynchronous = ("aload", "aexists", "acreate", "asave", "adelete")
    for name in asynchronous:
        assert getattr(SessionStore, name) is getattr(SessionBase, name)


def migrated() -> None:
    with connection.cursor() as cursor:
        for table in MIGRATION.TABLES:
            cursor.execute(MIGRATION.HASHED.format(table=table))


def test_the_update_signs_nobody_out(cast: Cast) -> None:
    browser = arrived(cast.viewer)
    (held,) = (SessionStore().decode(one.session_data) for one in Session.objects.all())
    # As it was stored before: the value itself, what it holds signed alone.
    Session.objects.update(session_key=PLAIN, session_data=PlainStore().encode(held))
    UserSession.objects.update(session_key=PLAIN)
    browser.cookies["session"] = PLAIN
    assert not is_signed_in(Client(headers={"cookie": f"session={PLAIN}"}))
    migrated()
    migrated()
    browser.cookies["session"] = PLAIN
    assert is_signed_in(browser)
    assert "This browser" in browser.get(reverse("usersessions_list")).content.decode()
    assert UserSession.objects.get().session_key == digest(PLAIN)


def test_sessions_that_ended_are_deleted(cast: Cast) -> None:
    here, gone = arrived(cast.viewer), arrived(cast.operator)
    Session.objects.filter(session_key=digest(cookie(gone))).update(
        expire_date=timezone.now() - timedelta(seconds=1)
    )
    forget_sessions()
    assert [one.user_id for one in UserSession.objects.all()] == [cast.viewer.pk]
    assert Session.objects.count() == 1
    assert is_signed_in(here)


def test_the_beat_deletes_them(settings: Any) -> None:
    tasks = {one["task"]: one["schedule"] for one in settings.CELERY_BEAT_SCHEDULE.values()}
    assert tasks["accounts.forget_sessions"] <= 24 * 60 * 60


def test_a_session_without_anybody_lasts_an_hour(cast: Cast) -> None:
    session = Client().session
    session["something"] = 1
    session.save()
    assert session.get_expiry_age() == 60 * 60
    assert arrived(cast.viewer).session.get_expiry_age() == 12 * 60 * 60


def test_a_session_that_ended_by_itself_opens_nothing_though_it_is_stored(cast: Cast) -> None:
    browser = arrived(cast.viewer)
    assert is_signed_in(browser)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not is_signed_in(browser)
    assert UserSession.objects.exists()
    # Nor is it listed as one that goes on.
    page = arrived(cast.viewer).get(reverse("usersessions_list")).content.decode()
    assert "This browser" in page
    assert "End all others" not in page
