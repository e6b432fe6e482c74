#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""predict.py MODEL.onnx PICTURE…: what a classifier exported by Fovea sees, without Fovea: `pip install onnxruntime pillow numpy`.

Everything else is in the file: its metadata says how a picture becomes numbers and what the answers are called."""
import json
import sys

import numpy
import onnxruntime
from PIL import Image, ImageOps


def fit(picture, how, size, crop_fraction, pad):
    """The square of size × size pixels that the network looks at."""
    width, height = picture.size
    if how == "squash":
        return picture.resize((size, size), Image.BICUBIC)
    if how == "letterbox":  # all of it, with grey margins
        scale = size / max(width, height)
        picture = picture.resize([max(1, int(side * scale + 0.5)) for side in (width, height)], Image.BICUBIC)
        square = Image.new("RGB", (size, size), (pad, pad, pad))
        square.paste(picture, ((size - picture.width) // 2, (size - picture.height) // 2))
        return square
    shorter = int(size / crop_fraction + 0.5)  # its middle
    width, height = [shorter * side // min(width, height) for side in (width, height)]
    left, top = round((width - size) / 2), round((height - size) / 2)
    return picture.resize((width, height), Image.BICUBIC).crop((left, top, left + size, top + size))


class Classifier:
    def __init__(self, path):
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        self.metadata = self.session.get_modelmeta().custom_metadata_map
        self.labels = [label["name"] for label in json.loads(self.metadata["fovea.labels"])]

    def numbers(self, key):
        return numpy.array(self.metadata["fovea.input." + key].split(","), numpy.float32)

    def predict(self, path):
        """The probability of each label."""
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file).convert("RGB")
        size, pad, fraction = int(self.numbers("size")[0]), int(self.numbers("pad")[0]), float(self.numbers("crop_fraction")[0])
        inputs = {}
        for value, how in zip(self.session.get_inputs(), self.metadata["fovea.fit"].split("+")):
            pixels = numpy.asarray(fit(picture, how, size, fraction, pad), numpy.float32)
            pixels = pixels[..., ::-1] if self.metadata["fovea.input.order"] == "bgr" else pixels
            inputs[value.name] = ((pixels - self.numbers("mean")) * self.numbers("scale")).transpose(2, 0, 1)[None]
        return self.session.run(["probabilities"], inputs)[0][0]


if __name__ == "__main__":
    classifier = Classifier(sys.argv[1])
    for name in sys.argv[2:]:
        best = sorted(zip(classifier.predict(name), classifier.labels), reverse=True)[:5]
        print(name + ": " + ", ".join("%s %.3f" % (label, value) for value, label in best))
