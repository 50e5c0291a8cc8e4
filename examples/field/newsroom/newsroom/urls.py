from django.urls import path

from articles import views

urlpatterns = [path("", views.home), path("articles", views.write), path("health", views.health)]
