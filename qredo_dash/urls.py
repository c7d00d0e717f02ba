"""Every address of the site. Only this module imports views."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
