"""The app of people, organizations, accounts and their keys."""

from allauth.usersessions.apps import UserSessionsConfig
from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts."""

    name = "accounts"
    default = True  # of several in this module

    def ready(self) -> None:
        """Heed what happens in allauth, and put sign-ins on record, by whatever way they come."""
        from allauth.mfa.signals import authenticator_added  # noqa: PLC0415 - models are there now

        from accounts.audit import sign_ins  # noqa: PLC0415 - likewise
        from accounts.second_factors import end_sessions_without  # noqa: PLC0415 - likewise

        sign_ins.watch()
        authenticator_added.connect(end_sessions_without, dispatch_uid="first factor")


class SessionsConfig(UserSessionsConfig):
    """allauth's table of sign-ins, written by `accounts.sessions`: it holds digests, no keys."""

    def ready(self) -> None:
        """Listen instead of allauth, which would write down the cookie's own value."""
        from allauth.account.signals import (  # noqa: PLC0415 - models are there now
            password_changed,
            password_set,
            user_logged_in,
        )

        from accounts import sessions  # noqa: PLC0415 - likewise

        for signal in (user_logged_in, password_set, password_changed):
            signal.connect(sessions.note, dispatch_uid="sessions")
