"""Every address of the site. Only this module imports views."""

from django.conf import settings
from django.urls import path, register_converter
from django.urls.converters import StringConverter

from accounts.audit import views as audit
from accounts.views import (
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
from balances.pages.account import action_views, rejected_views
from balances.pages.account import views as account_views
from balances.pages.accounts import refresh_views
from balances.pages.accounts import views as accounts_views
from balances.pages.asset import views as asset_views
from balances.pages.charts import views as charts_views
from balances.pages.compare import views as compare_views
from balances.pages.history import views as history_views
from balances.pages.keys import add_views, incident_views
from balances.pages.keys import views as keys_views
from balances.pages.overview import views as overview_views
from balances.pages.pending import views as pending_views
from balances.pages.reports import views as reports_views
from balances.pages.search import views as search_views
from balances.pages.settings import counting_views, entry_rule_views
from balances.pages.settings import views as account_settings
from qredo_dash import health, security_txt, session_state


class Base36(StringConverter):
    """A number as allauth writes it into links; what follows its hyphen is the link's secret."""

    regex = "[0-9A-Za-z]+"


register_converter(Base36, "base36")

handler403 = "qredo_dash.errors.forbidden"
handler500 = "qredo_dash.errors.broken"

urlpatterns = [
    path("", overview_views.page, name="overview"),
    path("overview/figures/", overview_views.figures, name="overview-figures"),
    path("overview/changes/", overview_views.changes, name="overview-changes"),
    path("series/", charts_views.of_all, name="series"),
    path("series.csv", charts_views.of_all_csv, name="series-csv"),
    path("overview/asset/", overview_views.asset, name="overview-asset"),
    path("asset/", asset_views.page, name="asset"),
    path("asset/figures/", asset_views.figures, name="asset-figures"),
    path("compare/", compare_views.page, name="compare"),
    path("compare/accounts/", compare_views.accounts, name="compare-accounts"),
    path("search/", search_views.page, name="search"),
    path("search/found/", search_views.few, name="search-found"),
    path("pending/", pending_views.page, name="pending"),
    path("pending/figures/", pending_views.figures, name="pending-figures"),
    path("refresh/", refresh_views.page, name="refresh-all"),
    path("accounts/", accounts_views.page, name="accounts"),
    path("accounts/figures/", accounts_views.figures, name="accounts-figures"),
    path("accounts/add/", add_views.page, name="account-add"),
    path("accounts/<uuid:uid>/", account_views.page, name="account"),
    path("accounts/<uuid:uid>/figures/", account_views.figures, name="account-figures"),
    path("accounts/<uuid:uid>/parts/", accounts_views.parts, name="account-parts"),
    path("accounts/<uuid:uid>/series/", charts_views.of_one, name="account-series"),
    path("accounts/<uuid:uid>/series.csv", charts_views.of_one_csv, name="account-series-csv"),
    path("accounts/<uuid:uid>/rejected/", rejected_views.rejected, name="account-rejected"),
    path("accounts/<uuid:uid>/refresh/", action_views.refresh, name="account-refresh"),
    path("accounts/<uuid:uid>/pause/", action_views.pause, name="account-pause"),
    path("accounts/<uuid:uid>/resume/", action_views.resume, name="account-resume"),
    path("accounts/<uuid:uid>/archive/", action_views.archive, name="account-archive"),
    path("accounts/<uuid:uid>/restore/", action_views.restore, name="account-restore"),
    path("accounts/<uuid:uid>/edit/", account_settings.details, name="account-edit"),
    path("accounts/<uuid:uid>/shares/", account_settings.shares, name="account-shares"),
    path("accounts/<uuid:uid>/shares/stop/", account_settings.unshare, name="account-unshare"),
    path("accounts/<uuid:uid>/transfer/", account_settings.transfer, name="account-transfer"),
    path("accounts/<uuid:uid>/counting/", counting_views.page, name="account-counting"),
    path("accounts/<uuid:uid>/entries/", entry_rule_views.page, name="account-entries"),
    path("history/", history_views.page, name="history"),
    path("history.csv", history_views.as_csv, name="history-csv"),
    path("reports/", reports_views.page, name="reports"),
    path("reports/statement/", reports_views.statement, name="statement"),
    path("reports/statement.json", reports_views.as_json, name="statement-json"),
    path("reports/verify_statement.py", reports_views.verifier, name="statement-verifier"),
    path("incidents/<uuid:uid>/", incident_views.page, name="incident"),
    path("audit/", audit.page, name="audit"),
    path("audit.csv", audit.as_csv, name="audit-csv"),
    path("audit.json", audit.as_json, name="audit-json"),
    path("accounts/<uuid:uid>/key/", keys_views.page, name="account-key"),
    path("accounts/<uuid:uid>/key/wallets/", keys_views.wallets, name="account-key-wallets"),
    path("accounts/<uuid:uid>/key/revoke/", keys_views.revoke, name="account-key-revoke"),
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
