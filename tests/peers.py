# SPDX-License-Identifier: GPL-3.0-or-later
"""The other programs of peers.txt, installed once into the user's cache, apart from the system.

A script that compares with them begins with `import peers; peers.require ()`: it starts itself again with them on its path.
Training is compared with PyTorch, which has a list of its own, because it is large: `peers.require ("peers-train.txt",
with_torch=True)`.
"""
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MARK = "FOVEA_PEERS"


def folder(listing):
    with open(os.path.join(HERE, listing), "rb") as file:
        key = hashlib.sha256(file.read() + sys.version.encode()).hexdigest()[:16]
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(cache, "fovea", "peers-" + key)


def stub_libraries(target):
    sys.path.insert(0, os.path.join(HERE, "bench"))
    import torch_stubs
    torch_stubs.build(os.path.join(target, "torch"), os.path.join(target, "stubs"))


def require(listing="peers.txt", with_torch=False):
    if MARK in os.environ:
        return
    target = folder(listing)
    if not os.path.isdir(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        making = tempfile.mkdtemp(prefix=".peers-", dir=os.path.dirname(target))
        done = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                               "--only-binary=:all:", "--root-user-action", "ignore", "--target", making, "-r", os.path.join(HERE, listing)]
                              + (["--no-deps"] if with_torch else []),
                              stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
        if done.returncode != 0:
            shutil.rmtree(making)
            sys.exit("the programs to compare with (tests/%s) could not be installed" % listing)
        if with_torch:
            stub_libraries(making)
        try:
            os.rename(making, target)
        except OSError:  # another script was faster
            shutil.rmtree(making)
    environment = dict(os.environ, PYTHONPATH=target, PYTHONNOUSERSITE="1")
    environment[MARK] = target
    if with_torch:
        environment["LD_LIBRARY_PATH"] = os.path.join(target, "stubs")
    os.execve(sys.executable, [sys.executable] + sys.argv, environment)


def centre_crop(picture, size, fraction=0.875):
    """A PIL picture as torchvision's Resize and CenterCrop make it: the longer side is cut off, the margin rounded half to even."""
    from PIL import Image  # here, because it is one of the programs that require() brings
    shorter = int(size / fraction + 0.5)
    width, height = picture.size
    if width < height:
        width, height = shorter, shorter * height // width
    else:
        width, height = shorter * width // height, shorter
    picture = picture.resize((width, height), Image.BICUBIC)
    left, top = round((width - size) / 2), round((height - size) / 2)
    return picture.crop((left, top, left + size, top + size))


def letterbox(picture, size, pad=127):
    """A PIL picture whose longer side becomes `size`, in the middle of a square of grey."""
    from PIL import Image  # as above
    scale = size / max(picture.size)
    inner = picture.resize([max(1, int(side * scale + 0.5)) for side in picture.size], Image.BICUBIC)
    square = Image.new("RGB", (size, size), (pad, pad, pad))
    square.paste(inner, ((size - inner.width) // 2, (size - inner.height) // 2))
    return square
