"""How far the demo's past is loaded, told by the loader to the pages through a small file."""

from pathlib import Path

from django.conf import settings


def tell(share: float | None) -> None:
    """Say that this share is done; `None` says that there is nothing more to do."""
    path = _path()
    if share is None:
        path.unlink(missing_ok=True)
        return
    draft = path.with_suffix(".new")
    draft.write_text(str(int(share * 100)), encoding="utf-8")
    draft.replace(path)


def text() -> str:
    """Return the line that pages show meanwhile, else nothing."""
    if not settings.DEMO:
        return ""
    try:
        percent = _path().read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    return f"90 days of demo history are being loaded: {percent} %."


def _path() -> Path:
    path: Path = settings.DATA_DIR / "demo-progress"
    return path
