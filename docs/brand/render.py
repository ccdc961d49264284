# /// script
# requires-python = ">=3.12"
# dependencies = ["resvg-py==0.5.0"]
# ///
"""Render the drawings beside this script into the integration's brand folder.

Run it with `uv run docs/brand/render.py`. For dark pages the blue is lighter.
"""

from pathlib import Path

import resvg_py

HERE = Path(__file__).parent
BRAND = HERE.parents[1] / "custom_components" / "smspilot" / "brand"
BLUE, LIGHT_BLUE = "#1a73b8", "#5ab0f2"
WHITE, NIGHT = "#ffffff", "#10202e"

for name, width in (("icon", 256), ("logo", 512)):
    light = (HERE / f"{name}.svg").read_text()
    dark = light.replace(WHITE, NIGHT).replace(BLUE, LIGHT_BLUE)
    for prefix, drawing in (("", light), ("dark_", dark)):
        for suffix, scale in (("", 1), ("@2x", 2)):
            picture = resvg_py.svg_to_bytes(svg_string=drawing, width=width * scale)
            (BRAND / f"{prefix}{name}{suffix}.png").write_bytes(bytes(picture))
