"""Every address of the site. Only this module imports views."""

from django.conf import settings
from django.urls import path, register_converter
from django.urls.converters import StringConverter

from accounts.audit import pages as audit
from accounts.pages import (
    company,
    confirm,
    email,
    invitations,
    members,
    profile,
    reset,
    second_factor,
    sessions,
    shared,
    sign_in,
)
from balances.pages import (
    account,
    accounts,
    actions,
    add,
    asset,
    compare,
    counting,
    entries,
    history,
    incident,
    keys,
    overview,
    pending,
    refresh_all,
    rejected,
    reports,
    search,
    series,
)
from balances.pages import settings as account_settings
from qredo_dash import health, security_txt, session_state


class Base36(StringConverter):
    """A number as allauth writes it into links; what follows its hyphen is the link's secret."""

    regex = "[0-9A-Za-z]+"


register_converter(Base36, "base36")

handler403 = "qredo_dash.errors.forbidden"
handler500 = "qredo_dash.errors.broken"

urlpatterns = [
    path("", overview.page, name="overview"),
    path("overview/figures/", overview.figures, name="overview-figures"),
    path("overview/changes/", overview.changes, name="overview-changes"),
    path("series/", series.of_all, name="series"),
    path("series.csv", series.of_all_csv, name="series-csv"),
    path("overview/asset/", overview.asset, name="overview-asset"),
    path("asset/", asset.page, name="asset"),
    path("asset/figures/", asset.figures, name="asset-figures"),
    path("compare/", compare.page, name="compare"),
    path("compare/accounts/", compare.accounts, name="compare-accounts"),
    path("search/", search.page, name="search"),
    path("search/found/", search.few, name="search-found"),
    path("pending/", pending.page, name="pending"),
    path("pending/figures/", pending.figures, name="pending-figures"),
    path("refresh/", refresh_all.page, name="refresh-all"),
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
    path("accounts/<uuid:uid>/edit/", account_settings.details, name="account-edit"),
    path("accounts/<uuid:uid>/shares/", account_settings.shares, name="account-shares"),
    path("accounts/<uuid:uid>/shares/stop/", account_settings.unshare, name="account-unshare"),
    path("accounts/<uuid:uid>/transfer/", account_settings.transfer, name="account-transfer"),
    path("accounts/<uuid:uid>/counting/", counting.page, name="account-counting"),
    path("accounts/<uuid:uid>/entries/", entries.page, name="account-entries"),
    path("history/", history.page, name="history"),
    path("history.csv", history.as_csv, name="history-csv"),
    path("reports/", reports.page, name="reports"),
    path("reports/statement/", reports.statement, name="statement"),
    path("reports/statement.json", reports.as_json, name="statement-json"),
    path("reports/verify_statement.py", reports.verifier, name="statement-verifier"),
    path("incidents/<uuid:uid>/", incident.page, name="incident"),
    path("audit/", audit.page, name="audit"),
    path("audit.csv", audit.as_csv, name="audit-csv"),
    path("audit.json", audit.as_json, name="audit-json"),
    path("accounts/<uuid:uid>/key/", keys.page, name="account-key"),
    path("accounts/<uuid:uid>/key/wallets/", keys.wallets, name="account-key-wallets"),
    path("accounts/<uuid:uid>/key/revoke/", keys.revoke, name="account-key-revoke"),
    path("organizations/<uuid:organization>/members/", members.page, name="members"),
    path("invitations/accept/", invitations.accept, name="invitation-accept"),
    path("invitations/<str:token>/", invitations.arrive, name="invitation"),
    path("profile/", profile.profile, name="profile"),
    path("profile/password/", profile.Password.as_view(), name="account_change_password"),
    path("profile/email/", email.page, name="email"),
    path("profile/email/confirm/", email.confirm, name="email-confirm"),
    path("profile/email/<str:token>/", email.arrive, name="email-arrive"),
    path("profile/shared/", shared.page, name="shared"),
    path("profile/company/", company.page, name="company-account"),
    path("profile/sessions/", sessions.page, name="usersessions_list"),
    path("profile/security/", second_factor.Overview.as_view(), name="mfa_index"),
    path("profile/security/app/", second_factor.AddApp.as_view(), name="mfa_activate_totp"),
    path(
        "profile/security/app/remove/",
        second_factor.RemoveApp.as_view(),
        name="mfa_deactivate_totp",
    ),
    path("profile/security/passkey/", second_factor.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path(
        "profile/security/passkey/<int:pk>/remove/",
        second_factor.RemovePasskey.as_view(),
        name="mfa_remove_webauthn",
    ),
    path(
        "profile/security/codes/",
        second_factor.RecoveryCodes.as_view(),
        name="mfa_view_recovery_codes",
    ),
    path(
        "profile/security/codes/new/",
        second_factor.NewRecoveryCodes.as_view(),
        name="mfa_generate_recovery_codes",
    ),
    path("sign-in/", sign_in.SignIn.as_view(), name="sign-in"),
    # allauth looks for its pages by its own names.
    path("sign-in/", sign_in.SignIn.as_view(), name="account_login"),
    path("sign-in/second/", sign_in.SecondFactor.as_view(), name="mfa_authenticate"),
    path("sign-in/passkey/", sign_in.Passkey.as_view(), name="mfa_login_webauthn"),
    path("sign-in/forgotten/", reset.Forgotten.as_view(), name="account_reset_password"),
    path(
        "sign-in/forgotten/<base36:uidb36>-<str:key>/",
        reset.Forgiven.as_view(),
        name="account_reset_password_from_key",
    ),
    path("sign-out/", sign_in.SignOut.as_view(), name="sign-out"),
    path("confirm/", confirm.ByPassword.as_view(), name="account_reauthenticate"),
    path("confirm/code/", confirm.ByCode.as_view(), name="mfa_reauthenticate"),
    path("confirm/passkey/", confirm.ByPasskey.as_view(), name="mfa_reauthenticate_webauthn"),
    path(".well-known/security.txt", security_txt.page, name="security-txt"),
    path("session/", session_state.page, name="session"),
    path("health/", health.page, name="health"),
]

#: Only where a company's server is set up.
COMPANY = [
    path("sign-in/company/", company.go, name="company"),
    path("profile/company/connect/", company.connect, name="company-connect"),
    path("sign-in/<slug:provider_id>/back/", company.back, name="openid_connect_callback"),
]
if settings.OIDC_SERVER_URL:
    urlpatterns += COMPANY
