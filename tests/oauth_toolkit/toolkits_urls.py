"""OAuth Toolkit's own URLs, which a project may forget to replace."""

from django.urls import include, path

urlpatterns = [path("o/", include("oauth2_provider.urls"))]
