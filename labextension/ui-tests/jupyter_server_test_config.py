"""The Jupyter Server of the browser tests: `playwright.config.js` gives it a port and folders of its own."""

import os

from jupyterlab.galata import configure_jupyter_server

configure_jupyter_server(c)  # noqa: F821  (`c` is the configuration that Jupyter puts here)
c.ServerApp.port = int(os.environ["QWEN_UI_PORT"])  # noqa: F821
