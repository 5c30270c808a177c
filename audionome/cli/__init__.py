"""The command line: ``audionome classify song.mp3``.

Each module of this package holds one group of commands and imports the rest of Audionome only when
a command runs.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import warnings
from concurrent.futures import BrokenExecutor
from typing import Annotated, Any

import typer

from audionome import batch, files
from audionome._words import printable
from audionome.cli import classify, dashboard, features, lab, similar, tag, train
from audionome.cli._common import fail
from audionome.errors import AudionomeError

__all__ = ["app", "main"]

app = typer.Typer(
    help="The honest, interactive reference on music genre classification.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(classify.classify)
app.command()(train.train)
app.command()(features.features)
app.command()(tag.tag)
app.command()(dashboard.dashboard)
app.command()(similar.index)
app.command()(similar.similar)
app.command()(similar.playlist)
app.add_typer(lab.app, name="lab")


_LOST = "a process was ended from outside or for lack of memory; try again with --jobs 1."


def main() -> None:
    """Run the command line; failures end in one sentence and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):  # closed, or not a terminal's
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    for name in ("SIGTERM", "SIGHUP"):  # end as an exception does, which cleans up
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) == signal.SIG_DFL:
            signal.signal(getattr(signal, name), lambda number, _: sys.exit(128 + number))
    _say_warnings()
    try:
        try:
            app()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except AudionomeError as error:
        fail(str(error))
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            if _nobody_reads():  # `audionome ... | head`
                _drop_output()
                raise SystemExit(1) from None
            fail(_LOST)
        _drop_output()
        what = f'"{error.filename}" cannot be used' if error.filename else "nothing can be written"
        fail(f"{what}: {files.reason_of(error)}.")
    except MemoryError:
        fail("this needs more memory than is free.")
    except BrokenExecutor:
        fail(_LOST)
    except Exception as error:
        fail(batch.unexpected(error))


def _drop_output() -> None:
    """Write what is left to nowhere, or Python complains when it ends."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _nobody_reads() -> bool:
    """Return whether what is printed goes into a pipe that nobody reads any more."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
            if hasattr(select, "poll"):
                asked = select.poll()
                asked.register(stream.fileno(), 0)
                if any(state & (select.POLLERR | select.POLLHUP) for _, state in asked.poll(0)):
                    return True
        except BrokenPipeError:
            return True
        except (OSError, ValueError, AttributeError):  # closed
            continue
    return False


def _say_warnings() -> None:
    """Print our own warnings as sentences, and none of joblib's about what it mends itself."""
    shown = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *rest: Any, **more: Any) -> None:
        if issubclass(category, batch.ProcessesWarning):
            print(f"audionome: {printable(str(message))}", file=sys.stderr)
        else:
            shown(message, category, *rest, **more)

    warnings.showwarning = show
    warnings.filterwarnings("ignore", message="resource_tracker")


def _version(wanted: bool) -> None:
    if wanted:
        import audionome

        print(audionome.__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None: ...
