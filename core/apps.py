from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.module_loading import autodiscover_modules

from . import triggers


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        autodiscover_modules("frozen", "acts", "process", "search", "jobs", "lists")
        once = apps.get_app_config("auth")  # both signals are sent for each app with models; one of them is enough
        pre_migrate.connect(triggers.lift_before_migrate, sender=once)
        post_migrate.connect(triggers.install_after_migrate, sender=once)
