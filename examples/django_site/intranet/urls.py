"""The addresses."""

from django.contrib import admin
from django.urls import path

from django_mtls.views import CertificateLoginView

from . import views

urlpatterns = [
    path("", views.home, name="home"),
    path("login/", CertificateLoginView.as_view(), name="login"),
    path("profile/", views.profile, name="profile"),
    path("token", views.token, name="token"),
    path("accounts", views.accounts, name="accounts"),
    path("machine", views.Machine.as_view(), name="machine"),
    path("health", views.health, name="health"),
    path("admin/", admin.site.urls),
]
