"""The bytes of an answer that was not understood, as a file."""

import zlib

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from accounts.access.decorators import in_scope
from accounts.access.roles import OPERATE, require
from accounts.audit import objects
from accounts.audit.recording import record
from accounts.chain.hash_chain import written
from accounts.models import Account
from accounts.shared.http import Request
from balances.pages.account import rejected_answers


@in_scope
@require_safe
def rejected(request: Request, account: Account) -> HttpResponse:
    """Hand out the beginning of an answer: the one with `digest`, else the newest.

    As bytes to be saved, never as anything that a browser would show: nobody knows what it is.
    """
    require(request.user, account, OPERATE)
    found = rejected_answers.seen_by(request.user, account)
    if digest := request.GET.get("digest"):
        found = found.filter(digest=_bytes_of(digest))
    one = found.first()
    if one is None:
        raise Http404
    if request.method == "GET":
        told = {"digest": bytes(one.digest).hex(), "at": written(one.last_at)}
        record("export.answer", objects.account(account), by=request.user, after=told)
    response = HttpResponse(zlib.decompress(one.body), content_type="application/octet-stream")
    name = f"rejected-{one.last_at:%Y%m%dT%H%M%SZ}-{bytes(one.digest).hex()[:12]}.bin"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _bytes_of(digest: str) -> bytes:
    try:
        return bytes.fromhex(digest)
    except ValueError:
        raise Http404 from None
