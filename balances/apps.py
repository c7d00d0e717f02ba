"""The app of polling, history and its pages."""

from django.apps import AppConfig


class BalancesConfig(AppConfig):
    """Balances."""

    name = "balances"
