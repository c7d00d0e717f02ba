"""Every address of the site. Only this module imports views."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.urls import path

from accounts import pages as people
from accounts.audit import pages as audit
from balances.pages import (
    account,
    accounts,
    actions,
    add,
    counting,
    incident,
    keys,
    overview,
    rejected,
    series,
    settings,
)
from qredo_dash import health

handler403 = "qredo_dash.errors.forbidden"

urlpatterns = [
    path("", overview.page, name="overview"),
    path("overview/figures/", overview.figures, name="overview-figures"),
    path("series/", series.of_all, name="series"),
    path("series.csv", series.of_all_csv, name="series-csv"),
    path("overview/asset/", overview.asset, name="overview-asset"),
    path("accounts/", accounts.page, name="accounts"),
    path("accounts/figures/", accounts.figures, name="accounts-figures"),
    path("accounts/add/", add.page, name="account-add"),
    path("accounts/<uuid:uid>/", account.page, name="account"),
    path("accounts/<uuid:uid>/figures/", account.figures, name="account-figures"),
    path("accounts/<uuid:uid>/parts/", accounts.parts, name="account-parts"),
    path("accounts/<uuid:uid>/series/", series.of_one, name="account-series"),
    path("accounts/<uuid:uid>/series.csv", series.of_one_csv, name="account-series-csv"),
    path("accounts/<uuid:uid>/rejected/", rejected.rejected, name="account-rejected"),
    path("accounts/<uuid:uid>/refresh/", actions.refresh, name="account-refresh"),
    path("accounts/<uuid:uid>/pause/", actions.pause, name="account-pause"),
    path("accounts/<uuid:uid>/resume/", actions.resume, name="account-resume"),
    path("accounts/<uuid:uid>/archive/", actions.archive, name="account-archive"),
    path("accounts/<uuid:uid>/restore/", actions.restore, name="account-restore"),
    path("accounts/<uuid:uid>/edit/", settings.details, name="account-edit"),
    path("accounts/<uuid:uid>/shares/", settings.shares, name="account-shares"),
    path("accounts/<uuid:uid>/shares/stop/", settings.unshare, name="account-unshare"),
    path("accounts/<uuid:uid>/transfer/", settings.transfer, name="account-transfer"),
    path("accounts/<uuid:uid>/counting/", counting.page, name="account-counting"),
    path("incidents/<uuid:uid>/", incident.page, name="incident"),
    path("audit/", audit.page, name="audit"),
    path("audit.csv", audit.as_csv, name="audit-csv"),
    path("audit.json", audit.as_json, name="audit-json"),
    path("accounts/<uuid:uid>/key/", keys.page, name="account-key"),
    path("accounts/<uuid:uid>/key/revoke/", keys.revoke, name="account-key-revoke"),
    path("profile/", people.profile, name="profile"),
    path("profile/password/", people.Password.as_view(), name="password"),
    path("sign-in/", people.SignIn.as_view(), name="sign-in"),
    path("sign-out/", login_not_required(LogoutView.as_view()), name="sign-out"),
    path("health/", health.page, name="health"),
]
