"""Configuration of the dashboard's server; ``voila`` reads it when started in this folder."""

import os
from pathlib import Path

if "get_config" not in globals():
    raise ImportError("voila.py configures the server: run `voila`, not `python -m voila`, here.")

# Jupyter's search path: where Voilà finds templates/audionome.
_ours = str(Path(__file__).parent / "audionome" / "static")
os.environ["JUPYTER_PATH"] = os.pathsep.join(
    filter(None, [_ours, os.environ.get("JUPYTER_PATH", "")])
)
# The kernel of this environment, even where the user has another one called "python3".
os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")
# A visitor's kernel uses one core: the others belong to other visitors.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from audionome.kernels import ForkingProvisioner  # noqa: E402

c = get_config()  # noqa: F821

# -- the page
c.VoilaConfiguration.template = "audionome"
c.VoilaConfiguration.theme = "light"  # the page itself follows the visitor's choice of dark
c.VoilaConfiguration.allow_template_override = "NO"
c.VoilaConfiguration.allow_theme_override = "NO"
c.VoilaConfiguration.show_tracebacks = False
c.VoilaConfiguration.file_allowlist = []  # no file beside the notebook is served
c.VoilaConfiguration.extension_allowlist = [  # others would only make the page slower to start
    "@voila-dashboards/widgets-manager8",
    "@jupyter-widgets/jupyterlab-manager",
    "anywidget",
]
c.VoilaConfiguration.resources = {"language_code": "en"}

# -- uploads
c.Voila.tornado_settings = {
    # Files of up to 64 MiB come in pieces of 1 MiB. Tornado drops a longer message without a word,
    # so this limit (its default is 10 MiB) keeps well away from the pieces.
    "websocket_max_message_size": 32 * 1024 * 1024,
    # The browser itself refuses to speak to any other host.
    "headers": {
        "Content-Security-Policy": (
            "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
            "object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
        )
    },
}
# plotly.js goes to each page in one message of 1.7 MB.
c.ZMQChannelsWebsocketConnection.iopub_data_rate_limit = 10_000_000

# -- kernels: one per visitor, ended with the page; those whose visitor vanished are culled.
# They are forked, so that a class that comes together does not wait; the imports begin now.
# No preheated kernels: together with culling they leave visitors on "Loading widget…".
ForkingProvisioner.prepare()
c.KernelProvisionerFactory.default_provisioner_name = "audionome-forking"
c.KernelManager.autorestart = False  # a second kernel would know nothing of the page
c.MappingKernelManager.cull_idle_timeout = 600
c.MappingKernelManager.cull_interval = 60
c.MappingKernelManager.cull_connected = False
