"""Where the dashboard's server listens, what it is called there, who can reach it, and by what."""

from __future__ import annotations

import errno
import ipaddress
import re
import shlex
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from audionome.errors import AudionomeError

__all__ = [
    "PORT",
    "Place",
    "ServerError",
    "encryption",
    "is_this_machine",
    "listening",
    "path_of",
    "report_of",
]

PORT = 8866

_EVERYWHERE = {"0.0.0.0": socket.AF_INET, "::": socket.AF_INET6}
# Addresses set aside for documentation: no packet is sent to them, only the way there is asked for.
_FAR = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
_MAKE = {
    "--host": "HOST",
    "--port": "DASHBOARD_PORT",
    "--base-url": "BASE_URL",
    "--certificate": "CERTIFICATE",
    "--key": "KEY",
    "--report": "REPORT",
    "--model": "MODEL",
}


class ServerError(AudionomeError):
    """The server cannot be started as it was asked to be."""


@dataclass(frozen=True)
class Place:
    """Where the server listens.

    Parameters
    ----------
    host : str
        As it was asked for: a name or an address of this machine.
    port : int
    base_url : str
        Path of the page, between slashes.
    certificate, key : str
        Files; without them the connection is not encrypted.
    report, model : str
        As they were asked for.
    shared : bool
        Whether other machines can reach it without a proxy.
    checkout : bool
        Whether ``make`` can start the server as well.
    """

    host: str = "localhost"
    port: int = PORT
    base_url: str = "/"
    certificate: str = ""
    key: str = ""
    report: str = ""
    model: str = ""
    shared: bool = False
    checkout: bool = False

    def on(self, sockets: Sequence[socket.socket]) -> Place:
        """Return the same with who can reach these sockets.

        Parameters
        ----------
        sockets : sequence of socket.socket

        Returns
        -------
        Place
        """
        hosts = [str(one.getsockname()[0]) for one in sockets]
        return replace(self, shared=not all(map(is_this_machine, hosts)))

    @property
    def scheme(self) -> str:
        """``"http"`` or ``"https"``."""
        return "https" if self.certificate else "http"

    @property
    def address(self) -> str:
        """What to open: the address for other machines where they are let in."""
        family = _EVERYWHERE.get(self.host)
        shown = self.host if family is None else _address_in_network(family)
        if not shown:  # no network: "::" listens on IPv6 alone, which the name need not lead to
            shown = socket.gethostname() if family is socket.AF_INET else "::1"
        return self.at(f"{f'[{shown}]' if ':' in shown else shown}:{self.port}")

    @property
    def own_address(self) -> str:
        """What this computer may open as well, where its browser keeps earlier answers."""
        everywhere = _EVERYWHERE.get(self.host) is socket.AF_INET
        return self.at(f"localhost:{self.port}") if everywhere else ""

    def at(self, netloc: str, scheme: str = "") -> str:
        """Return the page's address.

        Parameters
        ----------
        netloc : str
            A host and perhaps a port.
        scheme : str
            By default the server's own.

        Returns
        -------
        str
        """
        return f"{scheme or self.scheme}://{netloc}{self.base_url}"

    def called(self, netloc: str, scheme: str) -> str:
        """Return the address by which others reach the page that somebody has opened.

        Parameters
        ----------
        netloc : str
            As that person's browser calls the server: through a proxy, the proxy's name.
        scheme : str
            ``"http"`` or ``"https"``.

        Returns
        -------
        str
            Empty where only this machine reaches it.

        Examples
        --------
        >>> Place().called("music.example.org", "https")
        'https://music.example.org/'
        >>> Place().called("localhost:8866", "http")
        ''
        """
        if not is_this_machine(re.sub(r":\d*$", "", netloc).strip("[]").lower()):
            return self.at(netloc, scheme)
        return self.address if self.shared else ""

    def commands(self) -> list[str]:
        """Return the commands that start the same server for the whole network.

        Returns
        -------
        list of str

        Examples
        --------
        >>> Place(port=8877, checkout=True).commands()[1]
        'make dashboard HOST=0.0.0.0 DASHBOARD_PORT=8877'
        """
        options = {
            "--host": "0.0.0.0",
            "--port": "" if self.port == PORT else str(self.port),
            "--base-url": "" if self.base_url == "/" else self.base_url,
            "--certificate": self.certificate,
            "--key": self.key,
            "--report": self.report,
            "--model": self.model,
        }
        given = [(name, shlex.quote(value)) for name, value in options.items() if value]
        ways = [" ".join(["audionome dashboard", *(f"{name} {value}" for name, value in given)])]
        if self.checkout:
            ways += [" ".join(["make dashboard", *(f"{_MAKE[n]}={value}" for n, value in given)])]
        return ways


def is_this_machine(host: str) -> bool:
    """Return whether a name or an address leads nowhere but to the machine that asks.

    Parameters
    ----------
    host : str

    Returns
    -------
    bool

    Examples
    --------
    >>> is_this_machine("127.0.1.1"), is_this_machine("192.168.1.20")
    (True, False)
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _address_in_network(family: socket.AddressFamily) -> str:
    """Return the address by which the network knows this machine, or an empty string."""
    import psutil

    with socket.socket(family, socket.SOCK_DGRAM) as way:
        try:
            way.connect((_FAR[family], 9))
            return str(way.getsockname()[0])
        except OSError:  # no way out, but perhaps a network among ourselves
            pass
    known = [
        ipaddress.ip_address(one.address.partition("%")[0])
        for addresses in psutil.net_if_addrs().values()
        for one in addresses
        if one.family == family
    ]
    outward = [one for one in known if not (one.is_loopback or one.is_link_local)]
    return str(outward[0]) if outward else ""


def listening(host: str, port: int) -> list[socket.socket]:
    """Return sockets that listen, or say in a sentence why there are none.

    Parameters
    ----------
    host : str
    port : int

    Returns
    -------
    list of socket.socket

    Raises
    ------
    ServerError
        If nobody may listen there.
    """
    from tornado.netutil import bind_sockets

    if not 1 <= port <= 65535:
        raise ServerError(f"There is no port {port}; choose one from 1 to 65535, such as {PORT}.")
    foreign = ServerError(
        f'"{host}" is not an address of this machine; choose localhost, or 0.0.0.0 to let other '
        "machines in."
    )
    if not host:  # which would be all of them
        raise foreign
    try:
        sockets = bind_sockets(port, host)
    except (socket.gaierror, UnicodeError) as error:
        raise foreign from error
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            raise foreign from error
        if error.errno == errno.EADDRINUSE:
            other = port + 1 if port < 65535 else PORT
            raise ServerError(
                f"Port {port} is taken, perhaps by another dashboard; choose a free one: "
                f"--port {other} (with make: DASHBOARD_PORT={other})."
            ) from error
        if error.errno in {errno.EACCES, errno.EPERM}:
            raise ServerError(
                f"Port {port} is not open to you; choose one from 1024 up, such as {PORT}."
            ) from error
        raise ServerError(f"Cannot listen on {host}, port {port}: {error.strerror}.") from error
    # "*", "0" and the like would let the network in without saying so.
    if host not in _EVERYWHERE and any(one.getsockname()[0] in _EVERYWHERE for one in sockets):
        for one in sockets:
            one.close()
        raise foreign
    return sockets


def path_of(base_url: str) -> str:
    """Return the path between slashes, if a browser, a proxy and Voilà all read it alike.

    Parameters
    ----------
    base_url : str

    Returns
    -------
    str

    Raises
    ------
    ServerError
        If they do not.
    """
    parts = [part for part in base_url.split("/") if part]
    if not re.fullmatch(r"[\w.~/-]*", base_url, re.ASCII) or {".", ".."} & set(parts):
        raise ServerError(
            f'"{base_url}" cannot be the path of the page; use letters, digits and -_.~/ only, '
            "such as /music."
        )
    return "/".join(["", *parts, ""])


def encryption(certificate: str, key: str) -> ssl.SSLContext | None:
    """Return what https needs.

    Parameters
    ----------
    certificate, key : str
        Files in PEM form; both empty for http.

    Returns
    -------
    ssl.SSLContext or None

    Raises
    ------
    ServerError
        If one is missing, cannot be read or used, or the two do not belong together.
    """
    if not certificate and not key:
        return None
    if not certificate or not key:
        given, other = ("key", "certificate") if key else ("certificate", "key")
        raise ServerError(
            f"For https give both files: --{given} needs --{other} beside it "
            f"(with make: {_MAKE[f'--{given}']}=... {_MAKE[f'--{other}']}=...)."
        )
    _require_pem(certificate, "--certificate", "a certificate", ("CERTIFICATE",))
    _require_pem(key, "--key", "a private key", ("PRIVATE KEY",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(certificate)
    except ssl.SSLError as error:
        raise ServerError(f'The certificate "{certificate}" is damaged; make it anew.') from error
    try:
        context.load_cert_chain(certificate, key, password=_refused)
    except _LockedError:
        raise ServerError(
            f'The key "{key}" is locked with a password. Save it without one, and give that file: '
            f"openssl pkey -in {shlex.quote(key)} -out unlocked.pem"
        ) from None
    except ssl.SSLError as error:
        reason = error.reason or ""
        if "MISMATCH" in reason:
            told = f'The key "{key}" does not belong to the certificate "{certificate}".'
        elif "TOO_SMALL" in reason or "TOO_WEAK" in reason:
            told = f'The certificate "{certificate}" is too weak; make one with 2048 bits or more.'
        else:
            told = f'The key "{key}" is damaged, or of a kind that https does not know.'
        raise ServerError(told) from error
    return context


class _LockedError(Exception):
    """Raised where OpenSSL would ask for a password on the terminal."""


def _refused(*_: object) -> bytes:
    raise _LockedError


def _require_pem(file: str, option: str, kind: str, markers: Sequence[str]) -> None:
    try:
        content = Path(file).read_bytes()
    except FileNotFoundError as error:
        raise ServerError(f'There is no file "{file}", which {option} names.') from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is impossible"
        raise ServerError(
            f'The file "{file}", which {option} names, cannot be read: {reason}.'
        ) from error
    if not all(f"{marker}-----".encode() in content for marker in markers):
        raise ServerError(
            f'"{file}", which {option} names, is not {kind} in PEM form: such a file has a line '
            f"that ends in {markers[0]}-----."
        )


def report_of(asked: str, built: Path) -> tuple[Path | None, str]:
    """Return the folder of the report to serve, and where the page finds it.

    Parameters
    ----------
    asked : str
        A folder or an address; empty for the one that was built, if it was.
    built : Path
        Where a checkout builds it.

    Returns
    -------
    folder : Path or None
        None where nothing is to be served.
    book : str
        An address, a path below the page's own, or nothing.

    Raises
    ------
    ServerError
        If there is no report where one was asked for.

    Examples
    --------
    >>> report_of("https://example.org/audionome", Path("none"))
    (None, 'https://example.org/audionome/')
    """
    if not asked:
        return (built.resolve(), "report/") if (built / "index.html").is_file() else (None, "")
    if "://" in asked:
        parts = urlsplit(asked)
        known = parts.scheme in {"http", "https"} and parts.hostname
        if not known or set(asked) & set(" \"'<>"):
            raise ServerError(
                f'"{asked}" is not an address of a report: such as https://example.org/audionome/.'
            )
        place = parts.path.removesuffix("index.html").rstrip("/")
        return None, f"{parts.scheme}://{parts.netloc}{place}/"
    folder = Path(asked)
    if not (folder / "index.html").is_file():
        what = "holds no report: it has no index.html" if folder.is_dir() else "is no folder"
        raise ServerError(f'"{asked}", which --report names, {what}. "make site" builds a report.')
    return folder.resolve(), "report/"
