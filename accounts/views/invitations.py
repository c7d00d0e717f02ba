"""Taking up an invitation: with the account one has, or as somebody new."""

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import invitations
from accounts.forms.members import JoinForm
from accounts.models import Invitation, User


@login_not_required
@require_safe
def arrive(request: HttpRequest, token: str) -> HttpResponse:
    """Remember which invitation it is, and go on at an address without its secret."""
    try:
        request.session[invitations.HELD] = str(invitations.find(token).uid)
    except invitations.GoneError:
        return _gone(request)
    return redirect("invitation-accept")


@login_not_required
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest) -> HttpResponse:
    """Show who invites to what, and let the person join."""
    try:
        invitation = invitations.again(request.session.get(invitations.HELD))
        if request.user.is_authenticated:
            return _as_member(request, invitation, request.user)
        return _as_new(request, invitation)
    except invitations.GoneError:
        return _gone(request)


def _as_member(request: HttpRequest, invitation: Invitation, user: User) -> HttpResponse:
    is_theirs = user.email == invitation.email
    if request.method != "POST" or not is_theirs:
        return _page(request, invitation, is_theirs=is_theirs)
    invitations.join(invitation, user)
    del request.session[invitations.HELD]
    messages.success(request, f"You belong to {invitation.organization} now.")
    return redirect("overview")


def _as_new(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    if User.objects.filter(email=invitation.email).exists():
        return _page(request, invitation, is_known=True)
    posted = request.POST if request.method == "POST" else None
    form = JoinForm(invitation.email, invitation.organization.name, posted)
    if not form.is_valid():
        return _page(request, invitation, form=form)
    try:
        user = invitations.join_as_new(
            invitation, name=form.cleaned_data["name"], password=form.cleaned_data["password"]
        )
    except IntegrityError:  # somebody was faster with the same address
        return redirect("invitation-accept")
    del request.session[invitations.HELD]
    login = Login(user=user, email=user.email, redirect_url=reverse("overview"))
    answer: HttpResponse = perform_password_login(request, {"email": user.email}, login)
    return answer


def _page(request: HttpRequest, invitation: Invitation, **more: object) -> HttpResponse:
    form = more.get("form")
    status = 422 if isinstance(form, JoinForm) and form.errors else 200
    context = {"invitation": invitation, **more}
    return render(request, "accounts/invitation.html", context, status=status)


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/invitation_gone.html", status=404)
