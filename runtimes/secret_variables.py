"""Which variables look like credentials, by their names or by the shape of what they hold. A guess, and pure.

It errs on the side of a secret: such a variable can still be given by name. A password in a variable that is called
something else, and that looks like any word, is not seen.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_IDENTIFIER = re.compile(
    r"^.*(?:REGISTRATION|CONFIGURATION|CLIENT|APP|TENANT)_?ID(?=$|_FOR_)|(?:^|(?<=_))REGISTRATION_?KEY$"
)
_COUNTED = frozenset({"MAX", "MIN", "MAXIMUM", "MINIMUM", "LIMIT", "COUNT", "NUM", "NUMBER", "BUDGET", "TOTAL"})
_TOKEN = re.compile(r"TOKEN(?!I[SZ])")
_ANYWHERE = re.compile(
    r"SECRET|PASSW|PASSCODE|PASSPHRASE|CREDENTIAL|COOKIE|SESSION|PRIVATE|MNEMONIC|WEBHOOK|BEARER|AUTHORIZATION"
    r"|CONN(?:ECTION)?_?STR|(?:API|PRIV|ACCESS|ACCOUNT)KEY"
)
_WHOLE_WORD = re.compile(
    r"(?:^|_)(?:PW|PSW|SAS|SEED|PATS?|PRIV|\w*(?:KEYS?|JWTS?|PWD|DSN|CREDS?|(?<!COM)(?<!BY)PASS|(?<!O)AUTH))(?=_|$)"
)

_SHAPES = re.compile(
    r"://[^/?#\s]*@"
    r"|^(?!mailto:)[^\s:/@]+:[^\s/@\\]+@"
    r"|(?:^|[;?&,\s\"'{])[\w.-]{0,40}(?:password|passwd|passphrase|pwd|secret|token|key|sig|signature|credential)"
    r"(?:\s*=|[\"']\s*:)\s*[\"']?[^\s;&\"']"
    r"|[?&]code="
    r"|\bbearer\s+\S{8}"
    r"|-----BEGIN ",
    re.IGNORECASE,
)
_MARKS = re.compile(
    r"(?<![A-Za-z0-9])(?:gh[a-z]_\w|github_pat_|glpat-|sk-[\w-]{6}|[rs]k_(?:live|test)_|xox[a-z]-|xapp-|AKIA[0-9A-Z]{16}"
    r"|ASIA[0-9A-Z]{16}|AIza[\w-]{30}|npm_\w{20}|pypi-\w{20}|hf_\w{20}|SG\.[\w-]{20}|eyJ[\w-]{5,}\.[\w-]+\.)"
)
"""How the keys of well-known services begin, and a JSON Web Token."""


def _is_secret_name(name: str) -> bool:
    words = [word.upper() for word in _WORD.findall(name)]
    judged = _IDENTIFIER.sub("", "_".join(words))
    if _ANYWHERE.search(judged) or _WHOLE_WORD.search(judged):
        return True
    return bool(_TOKEN.search(judged)) and _COUNTED.isdisjoint(words)


def is_secret(name: str, value: str) -> bool:
    """True for a variable that looks like a credential."""
    return _is_secret_name(name) or bool(_SHAPES.search(value) or _MARKS.search(value))
