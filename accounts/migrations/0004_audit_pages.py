from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_personal_settings'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='auditevent',
            options={
                'default_permissions': (),
                'ordering': ['number'],
                'permissions': [
                    ('view_auditevent', '查看和导出审计日志'),
                    ('view_own_acts', '查看和导出本人的操作记录'),
                    ('verify_audit', '核验审计日志'),
                ],
            },
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['by', 'number'], name='accounts_audit_by'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['action', 'number'], name='accounts_audit_action'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['address', 'number'], name='accounts_audit_address'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['at', 'number'], name='accounts_audit_at'),
        ),
        migrations.AddIndex(
            model_name='auditevent',
            index=models.Index(fields=['number', 'at', 'by', 'action', 'address'], name='accounts_audit_walk'),
        ),
    ]
