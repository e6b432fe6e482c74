#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes resize-goldens.h: what Pillow's resize gives for a generated picture (pip install pillow).

The picture is pattern() below, the same as in test-fit.c. A result is kept as its SHA-256 and its first and middle pixels."""
import hashlib
import math
import sys

import PIL
from PIL import Image


def pattern(width, height):
    data = bytearray()
    state = 12345
    for y in range(height):
        for x in range(width):
            for c in range(3):
                state = (state * 1103515245 + 12345) & 0x7FFFFFFF
                noise = state >> 16 & 63
                step = 150 if (x // 7 + y // 5 + c) % 3 == 0 else 20
                data.append((noise + step) & 255)
    return Image.frombytes("RGB", (width, height), bytes(data))


FILTERS = {"BOX": Image.BOX, "BILINEAR": Image.BILINEAR, "BICUBIC": Image.BICUBIC}

RESIZES = [
    (100, 75, 40, 30), (100, 75, 224, 224), (37, 53, 37, 20), (37, 53, 20, 53), (37, 53, 37, 53), (640, 480, 64, 48),
    (1, 1, 8, 8), (400, 3, 56, 2), (3, 400, 9, 56), (301, 401, 256, 341), (64, 64, 1, 1), (2000, 40, 10, 40),
]


def show(image):
    w, h = image.size
    mid = image.getpixel((w // 2, h // 2))
    first = image.getpixel((0, 0))
    return '"%s", {%d, %d, %d}, {%d, %d, %d}' % ((hashlib.sha256(image.tobytes()).hexdigest(),) + first + mid)


def crop(image, size, fraction):
    side = math.floor(size / fraction + 0.5)
    w, h = image.size
    if w < h:
        to = (side, int(side * h / w))
    else:
        to = (int(side * w / h), side)
    image = image.resize(to, Image.BICUBIC)
    left, top = int(round((to[0] - size) / 2)), int(round((to[1] - size) / 2))
    return image.crop((left, top, left + size, top + size))


def letterbox(image, size, pad):
    w, h = image.size
    scale = size / max(w, h)
    to = (max(1, math.floor(w * scale + 0.5)), max(1, math.floor(h * scale + 0.5)))
    to = (size if w >= h else to[0], size if h >= w else to[1])
    out = Image.new("RGB", (size, size), (pad, pad, pad))
    out.paste(image.resize(to, Image.BICUBIC), ((size - to[0]) // 2, (size - to[1]) // 2))
    return out


FITS = [(100, 75, 64, .875), (75, 100, 64, .875), (301, 200, 56, .875), (200, 301, 57, .9), (64, 64, 64, 1.0), (1, 1, 16, .875),
        (400, 3, 32, .875), (3, 400, 32, .875), (33, 47, 260, .875)]


def main():
    out = open(sys.argv[1], "w") if len(sys.argv) > 1 else sys.stdout
    print("/* SPDX-License-Identifier: GPL-3.0-or-later */", file=out)
    print("/* Made by make.py with Pillow %s: do not edit. */" % PIL.__version__, file=out)
    print("#pragma once\n\nstatic const ResizeGolden resize_goldens[] = {", file=out)
    for w, h, tw, th in RESIZES:
        for name, number in FILTERS.items():
            print("  { %d, %d, FOVEA_RESIZE_%s, %d, %d, %s }," % (w, h, name, tw, th,
                  show(pattern(w, h).resize((tw, th), number))), file=out)
    print("};\n\nstatic const FitGolden fit_goldens[] = {", file=out)
    for w, h, size, fraction in FITS:
        image = pattern(w, h)
        for name, result in (("CROP", crop(image, size, fraction)), ("SQUASH", image.resize((size, size), Image.BICUBIC)),
                             ("LETTERBOX", letterbox(image, size, 127))):
            print("  { %d, %d, FOVEA_FIT_%s, %d, %r, %s }," % (w, h, name, size, fraction, show(result)), file=out)
    print("};", file=out)


main()
