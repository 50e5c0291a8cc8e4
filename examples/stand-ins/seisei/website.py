"""Plays the company's site, which has no data."""

import os

from flask import Flask

app = Flask(__name__)


def prepare():
    """Nothing."""


@app.get("/")
def home():
    return f"<h1>Seisei</h1><p>{os.environ['VERSION']}</p>"
