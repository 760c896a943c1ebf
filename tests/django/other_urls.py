"""URLs that middleware chooses: what is exempt in the project's own is not here."""

from django.urls import path

from .urls import whoami

urlpatterns = [path("exempt", whoami)]
