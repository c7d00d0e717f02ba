"""Run the whole program on this machine: web, worker, beat, and in the demo the simulator."""

import atexit
import fcntl
import http.client
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import DatabaseError, connection

from accounts.access import first_person
from accounts.shared import command
from accounts.shared.demo_data import stored
from accounts.signing import check_vault
from balances.demo import progress
from balances.demo.apart import set_apart
from balances.demo.people import ensure_people
from balances.polling import claims
from qredo_dash import env, home, static_files
from qredo_dash.demo_lines import login_lines
from qredo_dash.local import DEMO_SEED, Plan
from qredo_dash.supervisor import supervise
from qredo_dash.watchdog import Watchdog

#: Seconds within which the web process has to answer.
START_PATIENCE = 30
#: What is started again when nobody polls.
POLLING = ("worker", "beat")


class Command(command.Command):
    """Prints the address first, then the log-ins; ends at Ctrl-C and leaves nothing behind."""

    help = "Run web, worker and beat (and the demo's simulator) until Ctrl-C."

    def handle(self, **_options: Any) -> None:
        """Run until asked to stop."""
        check_vault()
        static_files.check_collected()
        lock = self._only_one(settings.DATA_DIR)
        demo = env.flag("DEMO", default=not settings.SERVER_INSTALLATION)
        port = self._port()
        self._require_unmixed(demo)
        if demo:
            ensure_people()
            progress.tell(None)  # of a loader that was killed
        plan = Plan(port=port, demo=demo, simulator_port=_free_port() if demo else 0)
        home.simulator_file().unlink(missing_ok=True)  # of a run that was killed
        if demo:
            home.simulator_file().write_text(plan.simulator, encoding="utf-8")

        def ready() -> None:
            _wait_for_web(port)
            self.stdout.write(f"http://localhost:{port}")
            for line in login_lines(DEMO_SEED) if demo else _first_person_lines():
                self.stdout.write(line)
            self.stdout.write("Ctrl-C stops everything.")
            self.stdout.flush()

        try:
            back, keeper = plan.back(), home.StoresKeeper()
            polling = [child for child in back if child.name in POLLING]
            watchdog = Watchdog(
                settings.DATABASE_URL,
                settings.BROKER_URL,
                settings.POLL_INTERVAL_SECONDS,
                polling,
            )

            def beneath() -> None:
                keeper.keep_up()
                watchdog.look()

            supervise(plan.front(), back, ready=ready, beneath=beneath)
            _give_back()
            atexit.register(_say_stopped)  # the stores end after this command
        except TimeoutError as error:
            self.refuse(str(error), code=command.UNUSABLE)
        finally:
            home.simulator_file().unlink(missing_ok=True)
            lock.close()

    def _require_unmixed(self, demo: bool) -> None:  # noqa: FBT001 - a setting
        """Refuse to show the demo's data as real, or to load it beside somebody's own.

        Where both are there already, nothing of the demo counts.
        """
        there = stored()
        if there.real and (there.demo or there.people):
            set_apart()
        elif demo and there.real:
            self.refuse(
                f"DATA_DIR {settings.DATA_DIR} holds accounts of your own."
                " Set DEMO=0, or another DATA_DIR for the demo.",
                code=command.UNUSABLE,
            )
        elif not demo and (there.demo or there.people):
            self.refuse(
                f"DATA_DIR {settings.DATA_DIR} holds the demo's data, which is never shown as"
                " real. Set DATA_DIR to another directory for accounts of your own.",
                code=command.UNUSABLE,
            )

    def _only_one(self, folder: Path) -> IO[str]:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "serve.lock").open("w", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.refuse("The program runs already with this DATA_DIR.", code=command.UNUSABLE)
        return lock

    def _port(self) -> int:
        """Return PORT, which has to be free; without it, 8000 or else any free port."""
        if os.environ.get("PORT"):
            port = env.whole("PORT", 8000, least=1, most=65_535)
            if not _is_free(port):
                self.refuse(
                    f"Port {port} is taken. Set PORT to another one.", code=command.UNUSABLE
                )
            return port
        return 8000 if _is_free(8000) else _free_port()


def _first_person_lines() -> Iterator[str]:
    """Yield how to get in, while no person exists."""
    if first_person.is_missing():
        yield "Nobody can sign in yet. Add yourself in another terminal; it asks for a password:"
        yield f"  {first_person.exact_command(home.PROJECT / 'manage.py')}"


def _say_stopped() -> None:
    where = "your database" if settings.SERVER_INSTALLATION else settings.DATA_DIR
    with suppress(OSError):  # the terminal may have gone
        os.write(1, f"Everything has stopped. Your data are in {where}.\n".encode())


def _give_back() -> None:
    """Let fall due again what lay in a queue or was not begun when the worker ended."""
    if settings.SERVER_INSTALLATION:
        return  # others may be at work
    connection.close()  # the stores may have been started anew since it was opened
    try:
        claims.give_back_all()
    except DatabaseError:
        sys.stderr.write("What was being polled could not be given back; its time runs out.\n")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_for_web(port: int) -> None:
    deadline = time.monotonic() + START_PATIENCE
    while time.monotonic() < deadline:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            link.request("GET", "/health/", headers={"Host": "localhost"})
            if link.getresponse().status == http.HTTPStatus.OK:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            link.close()
    sys.stderr.write("The web process did not start; see its messages above.\n")
    raise TimeoutError("The web process did not answer.")
