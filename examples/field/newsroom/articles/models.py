from django.db import models


class Article(models.Model):
    headline = models.CharField(max_length=200)
    words = models.IntegerField(null=True)
    """Counted by the worker."""


class Count(models.Model):
    """How many articles there were, each time that the beat asked."""

    articles = models.IntegerField()
    at = models.DateTimeField(auto_now_add=True)
