"""Time zones that a person may choose, and one that is stored but is none."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from accounts.models import User, known_time_zone
from accounts.time_zones import is_zone, zone_names
from tests.conftest import Cast
from tests.support import markup

ODD = ["localtime", "Factory", "posixrules", "Nowhere/Land", "../etc/passwd", "", "\0"]


def test_only_real_places_are_offered() -> None:
    names = zone_names()
    assert {"UTC", "Europe/London", "Asia/Kathmandu", "America/New_York"} <= set(names)
    assert not set(ODD) & set(names)
    assert all(is_zone(name) for name in names)


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_zone_cannot_be_stored(name: str) -> None:
    assert not is_zone(name)
    with pytest.raises(ValidationError):
        known_time_zone(name)


@pytest.mark.parametrize("name", ["localtime", "Nowhere/Land"])
def test_a_stored_zone_that_is_none_is_utc_and_every_page_says_so(
    cast: Cast, browser_of: Any, name: str
) -> None:
    User.objects.filter(pk=cast.viewer.pk).update(time_zone=name)
    browser = browser_of(cast.viewer)
    for page in ("overview", "profile", "audit"):
        text = markup.read(browser.get(reverse(page))).text
        assert "is not one that browsers know: times are in UTC" in text
        assert name in text
    # What is stored is neither kept nor replaced by the first of the list without a word.
    profile = markup.read(browser.get(reverse("profile")))
    assert profile.all("option", value="")[0].text.strip() == "Choose a time zone"
    browser.post(reverse("profile"), {"name": "", "time_zone": ""})
    assert User.objects.get(pk=cast.viewer.pk).time_zone == name
    browser.post(reverse("profile"), {"name": "", "time_zone": "Asia/Tokyo"})
    assert User.objects.get(pk=cast.viewer.pk).time_zone == "Asia/Tokyo"
    assert "is not one that browsers know" not in markup.read(browser.get(reverse("overview"))).text
