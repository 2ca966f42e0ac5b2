"""What the portal does by itself about cases: merging the counts behind the figures."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from jobs.schedule import regularly

regularly("compact_tallies", _("合并办件计数"), "cases.tallies.compact_by_schedule", every=timedelta(hours=1))
