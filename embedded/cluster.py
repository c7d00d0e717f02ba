"""The first start of PostgreSQL: a cluster that is there as a whole or not at all."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from embedded import journal
from embedded.account import Account
from embedded.errors import StoresError
from embedded.marker import Marker
from embedded.programs import Programs
from embedded.server import ENVIRONMENT

#: The application's role: it owns nothing and is granted what it needs by whoever migrates.
ROLE = DATABASE = "qredo_dash"
#: Owns the database and its tables, makes databases for tests, may stand in for the application.
OWNER = "qredo_dash_owner"
_SUPERUSER = "postgres"
_OURS = "incomplete-and-made-by-qredo-dash"

_INITDB = (
    *("--auth-local=scram-sha-256", "--auth-host=reject", "--encoding=UTF8", "--locale=C"),
    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--data-checksums"),
    *("--no-instructions", f"--username={_SUPERUSER}"),
)

# No statement in what it says: two of them hold passwords.
_SINGLE = ("--single", "-c", "exit_on_error=on", "-c", "log_min_error_statement=panic", "-D")

# One statement a line, as single-user mode reads them. Not every build can compress with lz4.
_SQL = f"""\
CREATE ROLE {ROLE} LOGIN PASSWORD '%s';
CREATE ROLE {OWNER} LOGIN CREATEDB PASSWORD '%s';
GRANT {ROLE} TO {OWNER} WITH INHERIT FALSE, SET TRUE;
CREATE DATABASE {DATABASE} OWNER {OWNER};
DO $$ BEGIN IF EXISTS (SELECT FROM pg_settings WHERE name = 'default_toast_compression' \
AND 'lz4' = ANY (enumvals)) THEN \
ALTER DATABASE {DATABASE} SET default_toast_compression = 'lz4'; END IF; END $$;
"""


@dataclass(frozen=True)
class Cluster:
    """PostgreSQL's data folder."""

    path: Path
    programs: Programs
    account: Account

    def ensure(self, marker: Marker, lock: int) -> None:
        """Make it if it is missing, refuse it if another PostgreSQL made it.

        The lock is PostgreSQL's: an initdb that outlives us keeps the next start waiting.
        """
        workshop = self.path.with_name(f"{self.path.name}.incomplete")
        _throw_away(workshop)
        if not self.path.exists():
            self._make(workshop, marker, lock)
        self._check_version()

    def _make(self, workshop: Path, marker: Marker, lock: int) -> None:
        workshop.mkdir()
        workshop.chmod(0o700 if self.account.is_caller else 0o711)
        (workshop / _OURS).touch()
        fresh, password = workshop / "cluster", workshop / "password"
        self.account.make_folder(fresh)
        self.account.write_private(password, marker.superuser)
        initdb, postgres = str(self.programs.initdb), str(self.programs.postgres)
        self._run([initdb, f"--pgdata={fresh}", f"--pwfile={password}", *_INITDB], "", lock)
        told = _SQL % (marker.postgres, marker.owner)
        self._run([postgres, *_SINGLE, str(fresh), "postgres"], told, lock)
        fresh.rename(self.path)
        _flush(self.path.parent)
        _throw_away(workshop)

    def _run(self, command: list[str], text: str, lock: int) -> None:
        drop = not self.account.is_caller
        done = subprocess.run(
            command,
            input=text,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            cwd="/",
            env=ENVIRONMENT,
            umask=0o077,
            pass_fds=[lock],
            check=False,
            start_new_session=True,
            user=self.account.uid if drop else None,
            group=self.account.gid if drop else None,
            extra_groups=[] if drop else None,
        )
        if done.returncode:
            said = journal.gist(done.stderr)
            raise StoresError(f"PostgreSQL could not make its first data in {self.path}: {said}")

    def _check_version(self) -> None:
        try:
            made_by = (self.path / "PG_VERSION").read_text("ascii").strip()
        except (FileNotFoundError, UnicodeDecodeError) as error:
            raise StoresError(f"{self.path} is no PostgreSQL data; move it away") from error
        have = _major(self.programs.postgres)
        if made_by != have:
            raise StoresError(
                f"{self.path} was made by PostgreSQL {made_by[:20]}, but installed is {have}; "
                f"dump it with version {made_by[:20]}, or move it away to begin anew"
            )


def _major(postgres: Path) -> str:
    said = subprocess.run(
        [postgres, "--version"], capture_output=True, encoding="ascii", check=True
    )
    return said.stdout.split()[-1].split(".")[0]


def _throw_away(workshop: Path) -> None:
    """Remove what a killed first start left, and nothing that we did not mark as such."""
    if (workshop / _OURS).exists():
        for part in sorted(workshop.iterdir(), key=lambda part: part.name == _OURS):
            shutil.rmtree(part) if part.is_dir() else part.unlink()
    try:
        workshop.rmdir()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise StoresError(f"{workshop} is not ours; move it away") from error


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
