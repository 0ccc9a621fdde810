"""What both faces, the magics and the sidebar, do the same way when they ask; knows neither shell nor browser."""

from __future__ import annotations
