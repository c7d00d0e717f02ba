"""What a report of an error shows: the way through the code, never what went through it."""

import re
from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter


class NothingTyped(SafeExceptionReporterFilter):
    """Hides variables, cookies and what was posted, with `DEBUG` on too: any may be a secret."""

    #: Django's own list, and addresses: those of stores and proxies may hold a password.
    hidden_settings = re.compile(
        "API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|COOKIE|URL|LOCATION|PROXY", re.IGNORECASE
    )

    def is_active(self, request: HttpRequest | None) -> bool:  # noqa: ARG002 - Django's signature
        """Hide always; Django would show everything with `DEBUG` on."""
        return True

    def get_safe_cookies(self, request: HttpRequest) -> dict[str, Any]:
        """Name the cookies, without what they hold."""
        return dict.fromkeys(request.COOKIES, self.cleansed_substitute)

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        """Name the fields that were posted, without what they held."""
        return {} if request is None else dict.fromkeys(request.POST, self.cleansed_substitute)

    def get_traceback_frame_variables(
        self,
        request: HttpRequest | None,  # noqa: ARG002 - Django's signature
        tb_frame: FrameType,  # noqa: ARG002 - Django's signature
    ) -> ItemsView[str, Any]:
        """Show no variable of a frame."""
        return dict[str, Any]().items()
