"""Certificates for servers on loopback, made when a test asks for them and trusted by nobody else."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import cache

import trustme


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """An authority of our own, and what it vouches for: 127.0.0.1, localhost and api.test."""

    authority: bytes
    """In PEM, as `SSL_CERT_FILE` wants it."""
    issued: trustme.LeafCert

    def trusting(self) -> ssl.SSLContext:
        """What a client needs to believe the servers."""
        return ssl.create_default_context(cadata=self.authority.decode())

    def serving(self, *protocols: str) -> ssl.SSLContext:
        """What a server needs that speaks these protocols, the best first."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # it also takes a context of a package that is not installed
        self.issued.configure_cert(context)  # pyright: ignore[reportUnknownMemberType]
        context.set_alpn_protocols(protocols)
        return context


@cache
def certificates() -> Certificates:
    """Made once for each process."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost", "api.test")
    return Certificates(authority=authority.cert_pem.bytes(), issued=issued)
