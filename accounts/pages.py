"""Pages of people: signing in, the profile, the password."""

from django.contrib import messages
from django.contrib.auth.views import LoginView, PasswordChangeView
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy

from accounts.forms import ProfileForm, SignInForm
from accounts.requests import Request


class SignIn(LoginView):
    """Sign in with e-mail and password."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


class Password(PasswordChangeView):
    """Change one's password; every other session of the person ends."""

    template_name = "accounts/password.html"
    success_url = reverse_lazy("profile")


def profile(request: Request) -> HttpResponse:
    """Show and change one's name and time zone."""
    form = ProfileForm(request.POST or None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your profile is saved.")
        return redirect("profile")
    return render(request, "accounts/profile.html", {"form": form})
