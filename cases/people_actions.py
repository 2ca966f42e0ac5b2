"""What a person arranges for themselves. Each act is one transaction with its audit rows."""

from datetime import date

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import Refused
from accounts.audit import acting, record
from accounts.models import User

from .models import Phrase, Substitution


def substitute(*, person: User, substitute: User, from_on: date, until_on: date, reason: str, request: HttpRequest | None = None) -> Substitution:
    """Let `substitute` do what `person` may, on these days. Raises Refused where somebody does already; the person's row is locked meanwhile."""
    with acting(person, request):
        User.objects.select_for_update(no_key=True).get(pk=person.pk)
        same = Substitution.objects.filter(person=person, revoked_at=None, from_on__lte=until_on, until_on__gte=from_on).select_related("substitute").first()
        if same:
            words = {"since": same.from_on, "until": same.until_on, "name": same.substitute.name}
            raise Refused(_("%(since)s 至 %(until)s 已委托%(name)s代办，日期有重叠。请改日期，或先撤销那一次委托。") % words)
        made = Substitution.objects.create(person=person, substitute=substitute, from_on=from_on, until_on=until_on, reason=reason)
        record("substitution.start", made, substitute=substitute.username, from_on=from_on, until_on=until_on, reason=reason)
    return made


def revoke(made: Substitution, *, by: User, request: HttpRequest | None = None) -> None:
    """End a substitution from now on; one that is revoked already stays as it is."""
    with acting(by, request):
        made = Substitution.objects.select_for_update(no_key=True).get(pk=made.pk)
        if made.revoked_at is None:
            made.revoked_at = timezone.now()
            made.save(update_fields=["revoked_at"])
            record("substitution.revoke", made)


def add_phrase(phrase: Phrase, *, by: User, request: HttpRequest | None = None) -> None:
    """Keep one more frequent phrase."""
    with acting(by, request):
        phrase.save()
        record("phrase.add", phrase, text=phrase.text)


def drop_phrase(phrase: Phrase, *, by: User, request: HttpRequest | None = None) -> None:
    """Forget a frequent phrase; what was written with it stays."""
    with acting(by, request):
        record("phrase.drop", phrase, text=phrase.text)
        phrase.delete()
