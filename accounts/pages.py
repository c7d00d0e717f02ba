"""Pages of people: signing in, the profile, the password."""

from django.contrib import messages
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.http import require_http_methods

from accounts.audit import objects
from accounts.audit.recording import record, together
from accounts.forms import ProfileForm, SignInForm
from accounts.models import User
from accounts.requests import Request


class SignIn(LoginView):
    """Sign in with e-mail and password."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True
    http_method_names = ("get", "head", "post")  # a form view takes PUT for POST


class Password(PasswordChangeView):
    """Change one's password; every other session of the person ends."""

    template_name = "accounts/password.html"
    success_url = reverse_lazy("profile")
    http_method_names = ("get", "head", "post")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        """Save the password and put on record that it was changed."""
        with together():
            answer = super().form_valid(form)
            record("password.changed", objects.person(form.user), by=form.user)
        return answer


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: Request) -> HttpResponse:
    """Show and change one's name and time zone."""
    # A person of its own: what is refused must not show in the page's header either.
    person = User.objects.get(pk=request.user.pk)
    form = ProfileForm(request.POST if request.method == "POST" else None, instance=person)
    if form.is_valid():
        _save(form, request.user)
        messages.success(request, "Your profile is saved.")
        return redirect("profile")
    return render(request, "accounts/profile.html", {"form": form})


def _save(form: ProfileForm, before: User) -> None:
    changed = form.changed_data
    if not changed:
        return
    with together():
        # Never the whole row: somebody may have been deactivated meanwhile.
        form.instance.save(update_fields=changed)
        was, now = ({name: getattr(p, name) for name in changed} for p in (before, form.instance))
        record("profile.changed", objects.person(before), by=before, before=was, after=now)
