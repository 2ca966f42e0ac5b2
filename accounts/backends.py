"""Where a person's rights come from: the roles, and nothing else."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Permission
from django.db.models import QuerySet

from .models import User


class RoleBackend(ModelBackend):
    """Django's sign-in by name and password; permissions through groups only, since `User` has none of its own."""

    def _get_user_permissions(self, user_obj: User) -> QuerySet[Permission]:
        return Permission.objects.none()
