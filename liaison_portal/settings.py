"""Settings of the portal. Every variable that they read is named in `.env.example`."""

import os
from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("VAR_DIR", BASE_DIR / "var"))


def get_flag(name: str) -> bool:
    """Whether the environment variable `name` is switched on (1, true, yes, on)."""
    return os.environ.get(name, "").lower() in {"1", "true", "yes", "on"}


def get_key(name: str) -> str:
    """A key from the environment, else from the file of that name that the set-up left in VAR_DIR.

    Raises ImproperlyConfigured where there is neither.
    """
    file = VAR_DIR / name.lower()
    value = os.environ.get(name) or (file.read_text().strip() if file.is_file() else "")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. Run bin/serve once (it makes {file.name} in {VAR_DIR}), or set {name} in the environment to a long random text."
        )
    return value


# -- Keys ----------------------------------------------------------------------
SECRET_KEY = get_key("SECRET_KEY")
AUDIT_KEY = get_key("AUDIT_KEY")  # signs the audit trail; never kept in the database
FIELD_KEY = get_key("FIELD_KEY")  # encrypts single fields (core/encryption.py): one key a line, the first one encrypts, the others only read

# -- Where it runs -------------------------------------------------------------
DEBUG = get_flag("DEBUG")
HTTPS = get_flag("HTTPS")  # served through TLS: secure cookies, HSTS
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
PUBLIC_BASE_URL = os.environ.get("PUBLIC_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]
# How many reverse proxies of ours stand in front: that many last entries of X-Forwarded-For are believed.
TRUSTED_PROXIES = int(os.environ.get("TRUSTED_PROXIES", "0"))
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

ROOT_URLCONF = "liaison_portal.urls"
WSGI_APPLICATION = "liaison_portal.wsgi.application"

# -- Parts ---------------------------------------------------------------------
INSTALLED_APPS = [
    "dashboards",
    "auditing",
    "invitations",
    "contacts",
    "correspondence",
    "cases",
    "duties",
    "lists",
    "jobs",
    "accounts",
    "core",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "axes",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_tasks",
    "django_tasks_db",
]

MIDDLEWARE = [
    "core.middleware.SecurityHeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.middleware.LanguageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.RefusalMiddleware",
    "accounts.middleware.SessionLimitsMiddleware",
    "accounts.middleware.LoginRequiredMiddleware",
    "accounts.middleware.PasswordChangeMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "core.middleware.PlainAddressMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# -- Database ------------------------------------------------------------------
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
if os.environ.get("DB") == "postgres":
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ.get("DB_NAME", "liaison_portal"),
            "USER": os.environ.get("DB_USER", ""),
            "PASSWORD": os.environ.get("DB_PASSWORD", ""),
            "HOST": os.environ.get("DB_HOST", ""),
            "PORT": os.environ.get("DB_PORT", ""),
            "CONN_MAX_AGE": 600,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"connect_timeout": 5, "tcp_user_timeout": 5000},
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": VAR_DIR / "portal.sqlite3",
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                # FULL: NORMAL loses acknowledged writes in a power cut.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA recursive_triggers=ON",
            },
            # Races and WAL need a file: an in-memory database has one connection.
            "TEST": {"NAME": VAR_DIR / "test.sqlite3"},
        }
    }

SILENCED_SYSTEM_CHECKS = ["models.W040"]  # SQLite leaves out of an index the columns that PostgreSQL carries along

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# -- Language and time ---------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# -- Files ---------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
FIXTURE_DIRS = [BASE_DIR / "fixtures"]
MEDIA_ROOT = VAR_DIR / "media"  # what people hand in; nothing in it has an address
FILE_UPLOAD_HANDLERS = ["core.files.ReceivingHandler"]
MEBIBYTE = 1 << 20
FILE_SIZE_LIMIT = int(os.environ.get("FILE_SIZE_LIMIT", "30")) * MEBIBYTE  # of one file
REQUEST_SIZE_LIMIT = 5 * FILE_SIZE_LIMIT  # of all files of one request
CASE_QUOTA = int(os.environ.get("CASE_QUOTA", "1024")) * MEBIBYTE  # of all documents of one case
PERSON_QUOTA = int(os.environ.get("PERSON_QUOTA", "10240")) * MEBIBYTE  # of all documents that one person has added
CLAMD_SOCKET = os.environ.get("CLAMD_SOCKET", "")  # a path, or host:port; every file is scanned there, or refused
PUBLIC_SITE_DIR = VAR_DIR / "site"
OWN_MAIL_DOMAINS = os.environ.get("OWN_MAIL_DOMAINS", "").lower().split()  # a mail from one of these is one that we sent
AUDIT_ANCHORS = VAR_DIR / "audit-anchors.txt"
EXTRA_FONTS_DIR = os.environ.get("EXTRA_FONTS_DIR", "")  # further faces for prints, beside those of fonts/

# -- Accounts ------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "accounts.backends.RoleBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator", "OPTIONS": {"user_attributes": ("username", "name")}},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "accounts.validators.BannedWordsValidator"},
]
INITIAL_PASSWORD_AGE = timedelta(hours=72)  # a password that somebody else set is good for that long (ASVS 6.4.1)

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/today/"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "change_password": "accounts.forms.PasswordChangeForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
}
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = False  # axes counts failures, in the database
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600  # seconds
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

AXES_HANDLER = "accounts.lockout.LockoutHandler"
AXES_FAILURE_LIMIT = 5
AXES_ADDRESS_FAILURE_LIMIT = 50  # ours: failures from one address, whatever the account
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "accounts.lockout.respond"
AXES_CLIENT_IP_CALLABLE = "accounts.lockout.counted_address"
AXES_USERNAME_CALLABLE = "accounts.lockout.counted_name"  # an HMAC: what is typed there may be a password
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # nobody can keep another one locked out
AXES_DISABLE_ACCESS_LOG = True  # sign-ins stand in the audit trail
# axes keeps what was posted: none of it may be a secret or a name
AXES_SENSITIVE_PARAMETERS = ["username", "login", "oldpassword", "password1", "password2", "csrfmiddlewaretoken", "ip_address"]
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

SESSION_ENGINE = "accounts.sessions"
SESSION_IDLE_LIMIT = timedelta(minutes=30)
SESSION_ABSOLUTE_LIMIT = timedelta(hours=12)
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = int(SESSION_ABSOLUTE_LIMIT.total_seconds())
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# -- Headers that every answer carries, published bytes included ----------------
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        "manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
if HTTPS:
    SECURITY_HEADERS["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

# -- Log -----------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"django": {"handlers": [], "level": "INFO"}, "django.request": {"level": "ERROR"}, "axes": {"level": "WARNING"}},
}
PORTAL_NAME = _("国际联络工作台")
