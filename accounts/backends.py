"""Where a person's rights come from: the roles, and nothing else."""

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.models import Permission
from django.db.models import QuerySet

from .models import User


class RoleBackend(AuthenticationBackend):
    """allauth's sign-in; permissions through groups only, since `User` has none of its own."""

    def _get_user_permissions(self, user_obj: User) -> QuerySet[Permission]:
        return Permission.objects.none()
