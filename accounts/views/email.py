"""Changing one's e-mail address, by a link that is sent to the new one."""

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authentication import email_change
from accounts.authentication.reauthentication import needs_confirmation
from accounts.forms.email import EmailForm
from accounts.models import User
from accounts.shared import mail
from accounts.shared.http import Request
from accounts.shared.site_address import absolute

#: Where a session keeps the link that was opened.
HELD = "email_change"


@require_http_methods(["GET", "HEAD", "POST"])
@needs_confirmation
def page(request: Request) -> HttpResponse:
    """Ask for the new address; say the same whether or not somebody has it."""
    form = EmailForm(request.POST if request.method == "POST" else None)
    if not settings.MAIL_IS_SENT:
        return render(request, "accounts/email.html", {"is_possible": False})
    if form.is_valid() and _sent(request, form):
        messages.success(request, "A mail is on its way to the new address. Open its link here.")
        return redirect("profile")
    status = 422 if form.errors else 200
    return render(
        request, "accounts/email.html", {"form": form, "is_possible": True}, status=status
    )


def _sent(request: Request, form: EmailForm) -> bool:
    wanted = form.cleaned_data["email"]
    if not ratelimit.consume(request, action="manage_email", user=request.user, key=wanted):
        form.add_error(None, "Too many attempts. Wait five minutes, then try again.")
        return False
    token = email_change.ask(request.user, wanted)
    name = "email_taken" if token is None else "email_confirm"
    link = absolute(request, reverse("email-arrive", args=[token or "-"]))
    if mail.send(name, wanted, {"link": link}):
        return True
    form.add_error(None, "The mail server did not take the message. Try again later.")
    return False


@require_safe
def arrive(request: Request, token: str) -> HttpResponse:
    """Remember the link, and go on at an address without its secret."""
    try:
        email_change.read(token, request.user)
    except email_change.GoneError:
        return _gone(request)
    request.session[HELD] = token
    return redirect("email-confirm")


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: Request) -> HttpResponse:
    """Show which address replaces which, and replace it."""
    try:
        wish = email_change.read(request.session.get(HELD), request.user)
        if request.method != "POST":
            return render(request, "accounts/email_confirm.html", {"wish": wish})
        return _changed(request, wish, request.user)
    except email_change.GoneError:
        return _gone(request)


def _changed(request: Request, wish: email_change.Wish, user: User) -> HttpResponse:
    try:
        email_change.change(wish, user, session=request.session.session_key)
    except email_change.TakenError:
        messages.error(request, "This address is somebody's by now. Nothing was changed.")
        return redirect("profile")
    del request.session[HELD]
    mail.send("email_changed", wish.before, {"wish": wish})
    messages.success(request, f"You sign in as {wish.wanted} from now on.")
    return redirect("profile")


def _gone(request: Request) -> HttpResponse:
    return render(request, "accounts/email_gone.html", status=404)
