"""The background work of the catalogue."""

from django.utils.translation import gettext_lazy as _

from jobs.kinds import JobKind, register

SHEET_EXPORT = register(
    JobKind(
        name="sheet-export",
        label=_("导出信息表"),
        work="duties.export_worker.make",
        may=lambda person, parameters: person.has_perm("duties.export_sheets"),
    )
)
