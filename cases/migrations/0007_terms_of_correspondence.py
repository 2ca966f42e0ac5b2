from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0006_right_of_an_approval")]

    operations = [
        migrations.AlterField(
            model_name="term",
            name="kind",
            field=models.CharField(
                choices=[
                    ("hold_reason", "暂停原因"),
                    ("relation", "办件之间的关系"),
                    ("phrase", "常用意见"),
                    ("medium", "函电方式"),
                    ("letter_material", "登记函电即为收到的要件"),
                ],
                max_length=20,
                verbose_name="字典",
            ),
        )
    ]
