"""Exports of sheets are jobs now (jobs.Job). Those of before were kept for a week and are in the audit trail; they are not carried over.

The right to export is declared by another model: the old declaration goes, `migrate` writes the new one and gives it to the roles.
"""

from django.db import migrations


def drop_the_old_declaration(apps, schema_editor):
    apps.get_model("auth", "Permission").objects.filter(content_type__app_label="duties", codename="export_sheets").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("duties", "0003_count_items_not_stages"),
    ]

    operations = [
        migrations.RunPython(drop_the_old_declaration, migrations.RunPython.noop),
        migrations.DeleteModel(name="SheetExport"),
        migrations.AlterModelOptions(
            name="dutyitem",
            options={
                "default_permissions": (),
                "ordering": ["code"],
                "permissions": [("export_sheets", "导出信息表")],
                "verbose_name": "职责事项",
                "verbose_name_plural": "职责事项",
            },
        ),
    ]
