"""Qredo Dash: the project around the apps."""

from qredo_dash.celery import app as celery_app

__all__ = ["celery_app"]
