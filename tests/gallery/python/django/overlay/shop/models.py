"""What is stored."""

from django.db import models


class Order(models.Model):
    """An order."""

    article = models.CharField(max_length=100)
