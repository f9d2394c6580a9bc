"""Hypothesis strategies: small companies that are nasty on purpose, and settings for them."""

from .companies import companies
from .texts import as_of_moments
from .variants import SETTINGS, settings

__all__ = ["SETTINGS", "as_of_moments", "companies", "settings"]
