"""The URLs with the admin."""

from django.contrib import admin
from django.urls import path

from . import urls

urlpatterns = [*urls.urlpatterns, path("admin/", admin.site.urls)]
