"""A connection over TLS."""

from __future__ import annotations

import socket
import sys

import straightwire.client as face
from straightwire._connection import HTTPConnection
from straightwire._sockets import drop_socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Unpack

    from straightwire._extras import Extras


def create_https_context(http_version: int) -> Any:
    """The context that is used where none is given: checks certificate and name, offers HTTP/1.1."""
    # Looked up at each call: programs put another in its place.
    context = face.ssl._create_default_https_context()
    if http_version == 11:
        context.set_alpn_protocols(["http/1.1"])
    if context.post_handshake_auth is not None:
        context.post_handshake_auth = True
    return context


class HTTPSConnection(HTTPConnection):
    """This class allows communication via SSL."""

    __module__ = "http.client"

    default_port = 443

    if sys.version_info >= (3, 12):

        def __init__(
            self,
            host: str,
            port: int | None = None,
            *,
            timeout: Any = socket._GLOBAL_DEFAULT_TIMEOUT,  # type: ignore[attr-defined]
            source_address: tuple[str, int] | None = None,
            context: Any = None,
            blocksize: int = 8192,
            max_response_headers: int | None = None,
            **options: Unpack[Extras],
        ) -> None:
            super().__init__(
                host,
                port,
                timeout,
                source_address,
                blocksize,
                max_response_headers=max_response_headers,
                **options,
            )
            self._context = face._create_https_context(self._http_vsn) if context is None else context

    else:

        def __init__(
            self,
            host: str,
            port: int | None = None,
            key_file: Any = None,
            cert_file: Any = None,
            timeout: Any = socket._GLOBAL_DEFAULT_TIMEOUT,  # type: ignore[attr-defined]
            source_address: tuple[str, int] | None = None,
            *,
            context: Any = None,
            check_hostname: bool | None = None,
            blocksize: int = 8192,
            max_response_headers: int | None = None,
            **options: Unpack[Extras],
        ) -> None:
            super().__init__(
                host,
                port,
                timeout,
                source_address,
                blocksize,
                max_response_headers=max_response_headers,
                **options,
            )
            if key_file is not None or cert_file is not None or check_hostname is not None:
                import warnings

                warnings.warn(
                    "key_file, cert_file and check_hostname are deprecated, use a custom context instead.",
                    DeprecationWarning,
                    2,
                )
            self.key_file = key_file
            self.cert_file = cert_file
            if context is None:
                context = face._create_https_context(self._http_vsn)
            if check_hostname is None:
                check_hostname = context.check_hostname
            if check_hostname and context.verify_mode == face.ssl.CERT_NONE:
                raise ValueError(
                    "check_hostname needs a SSL context with either CERT_OPTIONAL or CERT_REQUIRED"
                )
            if key_file or cert_file:
                context.load_cert_chain(cert_file, key_file)
                # A client with a certificate may be asked for it later on, too.
                if context.post_handshake_auth is not None:
                    context.post_handshake_auth = True
            context.check_hostname = check_hostname
            self._context = context

    def connect(self) -> None:
        """Connects as `HTTPConnection` does, then turns to TLS."""
        super().connect()
        if self.timings is not None:
            self.timings.has_connected()
        name = self._tunnel_host or self.host
        try:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=name)
        except BaseException:
            # What is asked for next must not go out in the clear.
            drop_socket(self)
            raise
