"""The app of people, organizations, accounts and their keys."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts."""

    name = "accounts"

    def ready(self) -> None:
        """Heed what happens in allauth, and put sign-ins on record, by whatever way they come."""
        from allauth.mfa.signals import authenticator_added  # noqa: PLC0415 - models are there now

        from accounts.access.second_factors import end_sessions_without  # noqa: PLC0415 - likewise
        from accounts.audit import sign_ins  # noqa: PLC0415 - likewise

        sign_ins.watch()
        authenticator_added.connect(end_sessions_without, dispatch_uid="first factor")
        _note_sessions()


def _note_sessions() -> None:
    """Note sign-ins in place of allauth, which would write down the cookie's own value."""
    from allauth.account.signals import (  # noqa: PLC0415 - models are there now
        password_changed,
        password_set,
        user_logged_in,
    )
    from allauth.usersessions import signals  # noqa: PLC0415 - likewise

    from accounts.access import sessions  # noqa: PLC0415 - likewise

    user_logged_in.disconnect(signals.on_user_logged_in)
    user_logged_in.connect(sessions.note, dispatch_uid="sessions")
    for signal in (password_set, password_changed):
        signal.disconnect(signals.on_password_changed)
        signal.connect(sessions.note, dispatch_uid="sessions")
