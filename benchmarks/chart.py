"""A chart of bars as SVG, readable on a light and on a dark page."""

from __future__ import annotations

from html import escape

WIDTH, LEFT, ROW, GAP = 760, 190, 18, 14
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f } .head { font-weight: 600 }
.bar { fill: #8c959f } .ours { fill: #0969da }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .bar { fill: #6e7681 } .ours { fill: #58a6ff } }
"""


def bars(title: str, groups: dict[str, list[tuple[str, float]]], ours: str) -> str:
    """Return an SVG with a group of bars for each key of `groups`; the bar named `ours` stands out."""
    widest = max(value for group in groups.values() for _, value in group)
    drawn, y = [f'<text class="head" x="0" y="14">{escape(title)}</text>'], 34
    for name, group in groups.items():
        drawn.append(f'<text class="head" x="0" y="{y + 12}">{escape(name)}</text>')
        for label, value in sorted(group, key=lambda bar: bar[1]):
            kind = "ours" if label == ours else "bar"
            length = max(1, value / widest * (WIDTH - LEFT - 70))
            drawn.append(f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(label)}</text>')
            drawn.append(f'<rect class="{kind}" x="{LEFT}" y="{y + 2}" width="{length:.0f}" height="{ROW - 5}"/>')
            drawn.append(f'<text x="{LEFT + length + 6:.0f}" y="{y + 12}">{value:.0f}</text>')
            y += ROW
        y += GAP
    body = "\n".join(drawn)
    size = f'viewBox="0 0 {WIDTH} {y}" width="{WIDTH}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">\n<style>{STYLE}</style>\n{body}\n</svg>\n'
