"""Static files under names that change with their content, in imports between modules too."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from whitenoise.storage import (  # type: ignore[import-untyped] # ships no types
    CompressedManifestStaticFilesStorage,
)

#: Beside the collected files: the digest of the sources that they were made of.
SOURCES: Final = "sources.sha256"


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc] # ships no types
    """Rewrites `import … from "./other.js"`, so that no browser mixes two versions."""

    support_js_module_import_aggregation = True

    def post_process(self, *args: Any, **options: Any) -> Iterator[Any]:
        """Collect, then note of which sources."""
        yield from super().post_process(*args, **options)
        if not options.get("dry_run"):
            Path(self.path(SOURCES)).write_text(_digest(), encoding="utf-8")


def check_collected() -> None:
    """Raise `ImproperlyConfigured` unless the collected files are of this version's sources."""
    try:
        collected = (Path(settings.STATIC_ROOT) / SOURCES).read_text(encoding="utf-8")
    except PermissionError:
        raise ImproperlyConfigured(
            f"The static files in {settings.STATIC_ROOT} cannot be read by this process's user."
            " Run `manage.py collectstatic --noinput` with umask 022."
        ) from None
    except OSError:
        collected = ""
    if collected != _digest():
        raise ImproperlyConfigured(
            f"The static files in {settings.STATIC_ROOT} are"
            f" {'of another version' if collected else 'missing'}. Run `manage.py collectstatic"
            " --noinput` after each update, before the web process starts."
        )


def _digest() -> str:
    """Return the SHA-256 of all sources, with their names."""
    digest = hashlib.sha256()
    for folder in settings.STATICFILES_DIRS:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                digest.update(f"{path.relative_to(folder)}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
