"""The app of people, organizations, accounts and their keys."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts."""

    name = "accounts"

    def ready(self) -> None:
        """Heed what happens in allauth, and put sign-ins on record, by whatever way they come."""
        from allauth.mfa.signals import authenticator_added  # noqa: PLC0415 - models are there now

        from accounts.audit import sign_ins  # noqa: PLC0415 - likewise
        from accounts.second_factors import end_sessions_without  # noqa: PLC0415 - likewise

        sign_ins.watch()
        authenticator_added.connect(end_sessions_without, dispatch_uid="first factor")
