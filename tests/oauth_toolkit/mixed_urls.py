"""Our introspection, and OAuth Toolkit's own token view."""

from django.urls import include, path
from oauth2_provider.views import TokenView

urlpatterns = [path("token", TokenView.as_view()), path("o/", include("django_mtls.oauth_toolkit.urls"))]
