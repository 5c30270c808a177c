"""The dashboard's settings for a ``voila`` that is started in this folder.

``audionome dashboard`` needs no such file: it starts the same server from anywhere.
"""

if "get_config" not in globals():
    raise ImportError("voila.py configures the server: run `voila`, not `python -m voila`, here.")

from audionome.app import server

server.prepare()
get_config().merge(server.settings())  # noqa: F821
