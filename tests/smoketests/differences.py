"""The smoketests that do not pass with stdbpy, each with the reason."""

from __future__ import annotations

DIFFERENCES: dict[str, str] = {}
