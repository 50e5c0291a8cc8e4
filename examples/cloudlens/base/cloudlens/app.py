"""The application: its routes."""

from starlette.applications import Starlette
from starlette.routing import Route

from cloudlens import bills, login, pages, ready
from cloudlens.middleware import MIDDLEWARE

app = Starlette(
    middleware=MIDDLEWARE,
    routes=[
        Route("/", pages.home),
        Route("/health", pages.health),
        Route("/version", pages.version),
        Route("/slow", pages.slow),
        Route("/ready", ready.ready),
        Route("/api/login", login.sign_in, methods=["POST"]),
        Route("/api/bills", bills.bills),
    ],
)
