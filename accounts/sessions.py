"""Sessions that can be found by person, so that they can be listed and ended (settings.SESSION_ENGINE)."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

STARTED, SEEN, ADDRESS, BROWSER = "started_at", "seen_at", "address", "browser"


class SessionStore(DatabaseSessionStore):
    """Django's database sessions, with the person and the stamps copied into columns at every save."""

    @classmethod
    def get_model_class(cls) -> type["Session"]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> "Session":
        return Session(
            session_key=self._get_or_create_session_key(),  # type: ignore[attr-defined]
            session_data=self.encode(data),
            expire_date=self.get_expiry_date(),
            person_id=data.get(auth.SESSION_KEY),
            started_at=moment(data.get(STARTED)),
            seen_at=moment(data.get(SEEN)),
            address=data.get(ADDRESS, ""),
            browser=data.get(BROWSER, ""),
        )


class Session(AbstractBaseSession):
    """One browser's session; `person` is set while somebody is signed in."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="sessions", verbose_name=_("人员"))
    started_at = models.DateTimeField(_("登录时间"), null=True)
    seen_at = models.DateTimeField(_("最近使用"), null=True)
    address = models.CharField(_("地址"), max_length=45, blank=True)
    browser = models.CharField(_("浏览器"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("会话")
        verbose_name_plural = _("会话")
        default_permissions = ()

    @classmethod
    def get_session_store_class(cls) -> type[SessionStore]:
        return SessionStore

    @property
    def handle(self) -> str:
        """A name for the session that pages may show; the key itself would let the reader in."""
        return handle_of(self.session_key)


def handle_of(session_key: str | None) -> str:
    """A page's name for a session: the beginning of SHA-256 of its key, in hex."""
    return hashlib.sha256((session_key or "").encode()).hexdigest()[:16]


def moment(stamp: float | None) -> datetime | None:
    """The time that a stamp in a session stands for."""
    return None if stamp is None else datetime.fromtimestamp(stamp, UTC)


def stamp(session: SessionBase, *, started: bool = False) -> None:
    """Note in the session that it is in use now; with `started`, also that it begins now."""
    now = int(timezone.now().timestamp())
    session[SEEN] = now
    if started:
        session[STARTED] = now
