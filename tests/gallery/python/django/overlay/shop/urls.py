"""Addresses and what answers them."""

import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path

from shop.models import Order


def index(request: HttpRequest) -> HttpResponse:
    """Show a page."""
    return render(request, "shop/index.html", {"title": "Orders"})


def orders(request: HttpRequest) -> JsonResponse:
    """List orders, or store one."""
    if request.method == "POST":
        order = Order.objects.create(article=json.loads(request.body)["article"])
        return JsonResponse({"id": order.pk, "article": order.article}, status=201)
    return JsonResponse({"orders": list(Order.objects.values())})


def healthz(_: HttpRequest) -> JsonResponse:
    """Say that the process is alive."""
    return JsonResponse({"status": "ok"})


urlpatterns = [path("", index), path("orders", orders), path("healthz", healthz), path("readyz", healthz)]
