"""Turns screens of a terminal into one SVG that plays them: python3 screens_to_svg.py FOLDER > picture.svg

FOLDER holds what `tmux capture-pane -e -p` said, a file a screen, named by the millisecond it was taken. Screens that say the same are
one. Whoever wants no movement sees the last screen that is full of something.
"""
import html
import pathlib
import re
import sys
import unicodedata

COLUMNS, CELL, LINE, MARGIN, BAR = 92, 8.4, 18, 14, 30
REST = 4000  # milliseconds that the last screen stays
COLORS = {30: "#484f58", 31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 34: "#79c0ff", 35: "#d2a8ff", 36: "#56d4dd", 37: "#c9d1d9"}
SEQUENCE = re.compile(r"\x1b\[([0-9;]*)m|\x1b\(B|\x0f")


def spans(line):
    """Pieces of a line: column, text, and how it looks."""
    look, at, column, found = {}, 0, 0, []

    def take(text):
        nonlocal column
        if text.strip():
            lead = len(text) - len(text.lstrip(" "))
            found.append((column + lead, text.strip(" "), dict(look)))
        column += sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)

    for match in SEQUENCE.finditer(line):
        take(line[at:match.start()])
        at = match.end()
        codes = [int(c or 0) for c in (match.group(1) or "0").split(";")] if match.group(1) is not None else []
        for code in codes:
            if code == 0:
                look.clear()
            elif code in (1, 2, 3, 7):
                look[code] = True
            elif code == 39:
                look.pop("color", None)
            elif code in COLORS:
                look["color"] = COLORS[code]
    take(line[at:])
    return found


def drawn(screen):
    rows = []
    for row, line in enumerate(screen.split("\n")):
        for column, text, look in spans(line):
            style = f' fill="{look["color"]}"' if "color" in look else ""
            style += ' font-weight="bold"' if 1 in look else ""
            style += ' opacity=".6"' if 2 in look else ""
            style += ' font-style="italic"' if 3 in look else ""
            # Its length is told, so that rows meet whatever font is there.
            cells = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
            rows.append(
                f'<text x="{MARGIN + column * CELL:.1f}" y="{BAR + MARGIN + (row + 1) * LINE - 5}" '
                f'textLength="{cells * CELL:.1f}" lengthAdjust="spacingAndGlyphs"{style}>{html.escape(text, quote=False)}</text>')
    return "".join(rows)


def main(folder):
    shots = []
    for file in sorted(pathlib.Path(folder).glob("*.txt")):
        screen = file.read_text(encoding="utf-8").rstrip("\n")
        if not shots or shots[-1][1] != screen:
            shots.append((int(file.stem), screen))
    if len(shots) < 10:
        sys.exit(f"{folder} has {len(shots)} screens: nothing was recorded.")

    lines = max(len(s.split("\n")) for _, s in shots)
    width, height = 2 * MARGIN + COLUMNS * CELL, BAR + 2 * MARGIN + lines * LINE
    begin, whole = shots[0][0], shots[-1][0] - shots[0][0] + REST
    still = max(range(len(shots)), key=lambda i: (shots[i][1].count("\n"), i))
    style, frames = [], []
    for i, (at, screen) in enumerate(shots):
        start = (at - begin) / whole * 100
        end = (shots[i + 1][0] - begin) / whole * 100 if i + 1 < len(shots) else 100
        shown = f"{start:.3f}%,{end:.3f}%{{visibility:visible}}" if end < 100 else f"{start:.3f}%,100%{{visibility:visible}}"
        style.append(f"@keyframes k{i}{{0%{{visibility:hidden}}{shown}{'' if end >= 100 else f'{end + .001:.3f}%,100%{{visibility:hidden}}'}}}#f{i}{{animation:k{i} {whole}ms step-end infinite}}")
        mark = ' class="still"' if i == still else ""
        frames.append(f'<g id="f{i}"{mark}>{drawn(screen)}</g>')
    print(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" height="{height}" fill="#c9d1d9" role="img" aria-label="skein at work in a terminal">'
        "<style>text{font-size:14px;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre}"
        "g{visibility:hidden}"
        f"{''.join(style)}@media(prefers-reduced-motion:reduce){{g[id]{{animation:none!important}}g.still{{visibility:visible}}}}</style>"
        f'<rect width="100%" height="100%" rx="8" fill="#0d1117"/>'
        + "".join(f'<circle cx="{18 + 18 * i}" cy="{BAR / 2 + 2}" r="5" fill="{c}"/>' for i, c in enumerate(("#ff5f57", "#febc2e", "#28c840")))
        + "".join(frames) + "</svg>")


main(sys.argv[1])
