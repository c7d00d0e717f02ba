"""Keys as they were typed: each is tested, then put in place of the one that its sender saw.

What goes wrong is said at the field that it came from, and the key before goes on.
"""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import qredo
from accounts.enrolment import KeyChangedError, OtherAccountError
from accounts.models import User
from accounts.shared import database_clock
from accounts.shared.database_clock import Clock
from balances.lifecycle import keys
from balances.pages.keys.forms import OTHER_ACCOUNT, ReplaceKeyForm
from balances.tasks import send_refresh

#: So many keys are tested at once: who waits for one that hangs waits for all of them meanwhile.
AT_ONCE = 8


def replace_all(forms: Iterable[ReplaceKeyForm], *, by: User) -> None:
    """Replace the keys of forms that are valid; each ends as done or with an error of its own."""
    due = []
    for form in forms:
        if _was_sent_before(form, by):
            form.is_done = True
        else:
            due.append(form)
    for form, outcome in zip(due, _tested(due), strict=True):
        if isinstance(outcome, qredo.QredoError):
            form.refuse(outcome)
        else:
            _put_in_place(form, outcome, by)


def _was_sent_before(form: ReplaceKeyForm, by: User) -> bool:
    return form.instead_of != form.initial["replaces"] and form.was_done_by(by)


def _tested(forms: Sequence[ReplaceKeyForm]) -> Iterator[str | qredo.QredoError]:
    if len(forms) < 2:
        yield from map(_outcome, forms)
        return
    # Read once for all threads, which have no connection to the database.
    outcome = partial(_outcome, clock_ns=database_clock.read().now_ns)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        yield from threads.map(outcome, forms)


def _outcome(form: ReplaceKeyForm, *, clock_ns: Clock | None = None) -> str | qredo.QredoError:
    """Return which account a key answers for, or why it does not."""
    try:
        return keys.tested(form.candidate, clock_ns=clock_ns)
    except qredo.QredoError as error:
        return error


def _put_in_place(form: ReplaceKeyForm, behind: str, by: User) -> None:
    try:
        refresh = keys.put_in_place(
            form.candidate, form.account, behind, instead_of=form.instead_of, by=by
        )
    except OtherAccountError:
        form.add_error("api_key", OTHER_ACCOUNT)
    except KeyChangedError:
        form.is_done = form.was_done_by(by)
        if not form.is_done:
            form.overtaken()
    else:
        form.is_done = True
        if refresh is not None:
            send_refresh(refresh.pk)
