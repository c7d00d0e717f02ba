"""Views about one account or organization: found only where their reader may read it."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404

from accounts.access.querysets import memberships_of, open_to, shares_with
from accounts.access.roles import ADMINISTER, NeedsRole
from accounts.models import Account, Organization, Role, User
from accounts.shared.http import Request


def in_organization(
    view: Callable[[Request, Organization], HttpResponse],
) -> Callable[[Request, UUID], HttpResponse]:
    """Give a view the organization of its address, which the reader administers.

    Out of scope is 404, before any other word; a role that is too low is named before the method.
    """

    @wraps(view)
    def looked_up(request: Request, organization: UUID) -> HttpResponse:
        # Looked for among the reader's own, not in the table: so time betrays no other either.
        own = memberships_of(request.user).select_related("organization")
        member = next((one for one in own if one.organization.uid == organization), None)
        if member is None:
            raise Http404
        if member.role not in ADMINISTER:
            raise NeedsRole.of(Role.ADMIN, member.organization)
        return view(request, member.organization)

    return looked_up


def in_scope(
    view: Callable[[Request, Account], HttpResponse],
) -> Callable[[Request, UUID], HttpResponse]:
    """Give a view the account of its address. Out of scope is 404, before any other word.

    It stands above the check of the method, so that a wrong method betrays nothing either.
    """

    @wraps(view)
    def looked_up(request: Request, uid: UUID) -> HttpResponse:
        return view(request, _readable(request.user, uid))

    return looked_up


def _readable(user: User, uid: UUID) -> Account:
    """Return an account that somebody may read. Raise `Http404`, in the same time whatever exists.

    As conditions of one statement the reader's scope would only be worked out for accounts that
    there are. Fetched before, it costs the same for those that there are not.
    """
    shared = shares_with(user).values_list("account", flat=True)
    allowed = Q(owner=user) | Q(organization__in=open_to(user)) | Q(pk__in=list(shared))
    return get_object_or_404(Account.objects.filter(allowed), uid=uid)
