"""Celery's tasks of accounts: nothing comes in, a use case is called, nothing is returned."""

from celery import shared_task

from accounts.access import sessions


@shared_task(name="accounts.forget_sessions")
def forget_sessions() -> None:
    """Delete what is left of sessions that have ended by themselves."""
    sessions.forget_ended()
