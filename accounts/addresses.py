"""Where a request came from."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The client's IP address, or "" where none can be told.

    Behind `settings.TRUSTED_PROXIES` proxies of ours, the entry of X-Forwarded-For that the outermost of them wrote:
    entries further left come from the client and prove nothing.
    """
    entries = [request.META.get("REMOTE_ADDR", "")]
    if settings.TRUSTED_PROXIES:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        entries = forwarded[-settings.TRUSTED_PROXIES :][:1] + entries
    return next((entry.strip() for entry in entries if is_address(entry.strip())), "")


def is_address(text: str) -> bool:
    """Whether `text` is an IPv4 or IPv6 address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text  # a scope ("fe80::1%eth0") is no part of what a database column takes
