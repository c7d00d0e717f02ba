"""A person's own name and time zone, their password, and where else they can go from there."""

from dataclasses import dataclass
from typing import Any

from allauth.account.views import PasswordChangeView
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import company_accounts
from accounts.access.admins import admins_of
from accounts.access.roles import organizations_administered_by
from accounts.access.second_factors import is_bare_admin
from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.forms.passwords import PasswordForm
from accounts.forms.profile import ProfileForm
from accounts.models import Organization, User
from accounts.shared.http import Request


@dataclass(frozen=True, slots=True)
class Belonging:
    """An organization of the reader's: their role, whom to ask, whether they administer it."""

    organization: Organization
    role: str
    admins: list[User]
    is_administered: bool


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: Request) -> HttpResponse:
    """Show and change one's name and time zone."""
    # A person of its own: what is refused must not show in the page's header either.
    person = User.objects.get(pk=request.user.pk)
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=person)
    if form.is_valid():
        _save(form)
        messages.success(request, "Your profile is saved.")
        return redirect("profile")
    # What stays connected after the server was taken away can be ended all the same.
    has_company = bool(settings.OIDC_SERVER_URL) or company_accounts.exists(request.user)
    context = {
        "form": form,
        "memberships": _memberships(request.user),
        "has_company": has_company,
        "lacks_factor": is_bare_admin(request.user),
    }
    return render(request, "accounts/profile.html", context)


def _memberships(user: User) -> list[Belonging]:
    """Return where a person belongs, and who the admins are there; closed organizations too."""
    administered = set(organizations_administered_by(user))
    own = user.memberships.select_related("organization").order_by("organization__name")
    admins = admins_of([one.organization_id for one in own])
    return [
        Belonging(
            one.organization,
            one.get_role_display(),
            admins[one.organization_id],
            one.organization in administered,
        )
        for one in own
    ]


def _save(form: ProfileForm) -> None:
    changed = form.changed_data
    if not changed:
        return
    with together():
        before = User.objects.get(pk=form.instance.pk)
        # Never the whole row: somebody may have been deactivated meanwhile.
        form.instance.save(update_fields=changed)
        was, now = ({name: getattr(p, name) for name in changed} for p in (before, form.instance))
        record("profile.changed", objects.person(before), by=before, before=was, after=now)


class Password(PasswordChangeView):
    """Change one's password, by the present one; every other session of the person ends."""

    template_name = "accounts/password.html"
    form_class = PasswordForm
    http_method_names = ("get", "head", "post")  # a form view takes PUT for POST

    def dispatch(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """Let only those in who have a password."""
        if not request.user.has_usable_password():
            messages.info(request, "You sign in with your company's account; there is no password.")
            return redirect("profile")
        answer: HttpResponse = super().dispatch(request, *args, **kwargs)
        return answer

    def form_valid(self, form: PasswordForm) -> HttpResponse:
        """Save the password and put on record that it was changed."""
        with together():
            answer: HttpResponse = super().form_valid(form)
            record("password.changed", objects.person(form.user), by=form.user)
        return answer
