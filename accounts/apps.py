from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate

from . import roles


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        # Sent for each app; by its turn auth has made the permissions of every app above it.
        post_migrate.connect(roles.mirror, sender=apps.get_app_config("auth"))
