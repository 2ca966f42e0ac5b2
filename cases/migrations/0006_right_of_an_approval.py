from django.db import migrations, models

from core import triggers


def name_the_right(apps, schema_editor):
    """Until now the second level was the signing."""
    triggers.lift(schema_editor.connection)  # decided rows are frozen; the triggers are put back when the migration ends
    apps.get_model("cases", "Approval").objects.filter(level=2).update(right="sign")


class Migration(migrations.Migration):
    dependencies = [("cases", "0005_rule_behind_a_task")]

    operations = [
        migrations.AddField(
            model_name="approval",
            name="right",
            field=models.CharField(choices=[("review", "审核"), ("sign", "签发")], default="review", max_length=10),
        ),
        migrations.RunPython(name_the_right, migrations.RunPython.noop),
    ]
