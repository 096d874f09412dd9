"""The section `team:`: a password in it is refused, as keys are."""

import re
from urllib.parse import urlsplit

from burn_tui.engine.settings_schema import TeamSettings
from burn_tui.engine.yaml_source import Document

_VARIABLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_PASSWORD = re.compile(r"(?:^|[\s?&])(?:password|sslpassword)\s*=\s*(?!\s)(?P<value>[^\s&]+)")


def team_settings(document: Document, given: TeamSettings | None) -> TeamSettings | None:
    """As it is written, if no password is."""
    if given is None:
        return None
    if _holds_password(given.url):
        raise document.error(
            "a password must not stand in the settings file.",
            ("team", "url"),
            mend='Put the address into an environment variable and write url: "${BURN_TEAM_URL}", '
            "or the password into ~/.pgpass.",
        )
    return given


def _holds_password(url: str) -> bool:
    """Of libpq's two forms, a URL and `name=value` pairs. A variable in its place is none."""
    said = [found["value"] for found in _PASSWORD.finditer(url)]
    if "://" in url:
        try:
            password = urlsplit(url).password
        except ValueError:
            password = url.rpartition("@")[0]
        said += [password] if password else []
    return any(not _VARIABLE.fullmatch(password) for password in said)
