"""The addresses."""

from django.contrib import admin
from django.contrib.auth.views import LoginView
from django.urls import include, path
from django.views.generic import TemplateView

from django_mtls.oauth_toolkit.urls import metadata_urlpatterns

from .views import Accounts

urlpatterns = [
    path("", TemplateView.as_view(template_name="index.html"), name="index"),
    *metadata_urlpatterns,
    path("o/", include("django_mtls.oauth_toolkit.urls")),
    path("accounts", Accounts.as_view(), name="accounts"),
    path("login/", LoginView.as_view(template_name="admin/login.html"), name="login"),
    path("admin/", admin.site.urls),
]
