"""What goes wrong when a job runs: whether it is worth another try, and what the person is told."""

from datetime import timedelta

from django.db import InterfaceError, OperationalError, connection
from django.utils.translation import gettext as _

from core.files import is_full

ATTEMPTS = 3  # in all, whatever ended them
PAUSES = (timedelta(seconds=10), timedelta(seconds=60))  # before the second attempt, before the third
LASTING = (FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError, NotADirectoryError)


def is_passing(error: BaseException) -> bool:
    """Whether what failed may well succeed a little later."""
    if is_full(error) or isinstance(error, LASTING):
        return False
    return isinstance(error, OperationalError | InterfaceError | OSError)


def comes_again(error: BaseException, attempt: int) -> bool:
    """Whether the run number `attempt` that ended with this error is followed by another."""
    return is_passing(error) and attempt < ATTEMPTS


def name_of(error: BaseException) -> str:
    """The class of an error, dotted."""
    return f"{type(error).__module__}.{type(error).__qualname__}"


def sentence_of(error: BaseException) -> str:
    """What the person is told when a job ended with this error."""
    if is_full(error):
        return _("磁盘空间不足，没有完成，也没有留下不完整的文件。请告知系统管理员清理空间，然后重新提交。")
    if is_passing(error):
        return _("数据库或文件存储暂时用不了，试了 %d 次都没有成功。请稍后重新提交；仍不成功请告知系统管理员。") % ATTEMPTS
    return _("程序出错，已记入系统日志。请告知系统管理员；重新提交多半仍会出错。")


def interrupted() -> str:
    """What the person is told about a job whose worker died every time."""
    return _("后台进程在执行中被终止了 %d 次，已停止重试。请告知系统管理员查看系统日志。") % ATTEMPTS


def let_go() -> None:
    """Close the connection after a failure: a cursor that the failed work left open keeps SQLite from writing. Never inside a transaction."""
    if not connection.in_atomic_block:
        connection.close()
