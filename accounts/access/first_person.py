"""The first person of an installation: whether there is one yet, and the command that adds one."""

import shlex
import sys
from pathlib import Path

from django.conf import settings

from accounts.models import User

#: What the reader replaces by their own, as a shell takes it.
_COMMAND = 'add_person --email you@example.com --organization "My fund" --role admin'


def is_missing() -> bool:
    """Whether nobody can sign in, since no person exists at all."""
    return not User.objects.exists()


def shown_commands() -> dict[str, str]:
    """Return commands by where they work. Strangers read them: no folder is named."""
    if not settings.SERVER_INSTALLATION:
        return {"": f".venv/bin/python manage.py {_COMMAND}"}
    return {
        "With systemd, as root": f"deploy/qredo-dash {_COMMAND}",
        "In containers": f"docker compose exec worker python manage.py {_COMMAND}",
    }


def exact_command(manage: Path) -> str:
    """Return the command for a terminal of this machine, right in any folder of it."""
    command = f"{shlex.quote(sys.executable)} {shlex.quote(str(manage))} {_COMMAND}"
    if settings.SERVER_INSTALLATION:
        return command  # with the settings that this program was started with
    return f"DATA_DIR={shlex.quote(str(settings.DATA_DIR))} {command}"
