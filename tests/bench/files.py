# SPDX-License-Identifier: GPL-3.0-or-later
"""files.py PROGRAM DATA [ROUNDS]: from JPEG files to vectors, pictures a second, against Pillow + onnxruntime, in turn.

Ours is the whole `fovea import` of a folder into a new project: start, walking the folders, decoding in helper processes, SHA-256,
thumbnails and the database included. The peer's clock starts when its session is ready; it computes vectors alone, once picture
by picture as a script would, once in batches of 32 with as many decoding threads as cores, and the faster of the two counts.
Both letterbox; the vectors must agree. Runs once more with ONEDNN_MAX_CPU_ISA=AVX2, which caps Fovea alone.
"""
import concurrent.futures
import glob
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import peers  # noqa: E402

peers.require()

import checks  # noqa: E402
import numpy  # noqa: E402
import onnxruntime  # noqa: E402
import PIL  # noqa: E402
from PIL import Image  # noqa: E402

PACK, SIZE = "efficientnet-lite0", 224
WANTED = 1.5
MIN_COSINE = 0.999
BATCH = 32
ID_BITS = 40  # a vector's row id = space · 2⁴⁰ + input (store-vectors.h)


def packs():
    return os.environ.get("FOVEA_PACK_DIR") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "fovea", "packs")


def load(path):
    with Image.open(path) as file:
        picture = peers.letterbox(file.convert("RGB"), SIZE)
    return ((numpy.asarray(picture, numpy.float32) - 127) / 128).transpose(2, 0, 1)


def embed(session, tensors):
    return session.run(["embedding"], {"image": numpy.stack(tensors)})[0]


def one_by_one(session, paths):
    return numpy.concatenate([embed(session, [load(path)]) for path in paths])


def in_batches(session, paths):
    vectors = []
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        tensors = pool.map(load, paths)
        for at in range(0, len(paths), BATCH):
            vectors.append(embed(session, [next(tensors) for _ in paths[at:at + BATCH]]))
    return numpy.concatenate(vectors)


def peer(list_path, result_path):
    """Run in a process of its own; prints the seconds of both ways."""
    with open(list_path, encoding="utf-8") as file:
        paths = json.load(file)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = len(os.sched_getaffinity(0))
    session = onnxruntime.InferenceSession(os.path.join(packs(), PACK + ".onnx"), options, providers=["CPUExecutionProvider"])
    seconds = []
    for way in (one_by_one, in_batches):
        way(session, paths[:BATCH])
        begun = time.perf_counter()
        vectors = way(session, paths)
        seconds.append(time.perf_counter() - begun)
    numpy.save(result_path, vectors)
    print(json.dumps(seconds))


def import_once(checker, data, folder, isa):
    """(seconds, {file name relative to the data: unit vector})"""
    project = os.path.join(folder, "bench.fovea")
    environment = dict(os.environ, FOVEA_PACK_DIR=packs(), XDG_CACHE_HOME=os.path.join(folder, "cache"))
    if isa:
        environment["ONEDNN_MAX_CPU_ISA"] = isa
    checker.run("project", "create", project, env=environment)
    begun = time.perf_counter()
    checker.run("import", project, data, env=environment)
    seconds = time.perf_counter() - begun
    database = sqlite3.connect("file:%s?mode=ro" % project, uri=True)
    (fit, space, dims), = database.execute("SELECT fit, id, dims FROM vector_spaces").fetchall()
    rows = database.execute("SELECT i.path, v.data FROM inputs i JOIN vectors v ON v.id = i.id + (? << ?)", (space, ID_BITS)).fetchall()
    database.close()
    if fit != "letterbox":
        sys.exit("the pictures were fitted by %s; the peer letterboxes" % fit)
    vectors = {os.path.normpath(os.path.join(folder, os.fsdecode(path))): numpy.frombuffer(data, "<f2", dims).astype("f4")
               for path, data in rows}
    return seconds, vectors


def compare(checker, data, paths, isa, rounds):
    own, others, cosines = [], [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            seconds, vectors = import_once(checker, data, folder, isa)
            own.append(len(vectors) / seconds)
            list_path, result_path = os.path.join(folder, "paths.json"), os.path.join(folder, "peer.npy")
            with open(list_path, "w", encoding="utf-8") as file:
                json.dump(paths, file)
            done = subprocess.run([sys.executable, __file__, "--peer", list_path, result_path], capture_output=True, check=True)
            others.append([len(paths) / seconds for seconds in json.loads(done.stdout)])
            theirs = numpy.load(result_path)
            theirs /= numpy.linalg.norm(theirs, axis=1, keepdims=True)
            cosines += [float(vectors[path] @ vector) for path, vector in zip(paths, theirs)]
    name = PACK + (" " + isa if isa else "")
    checker.check(min(cosines) >= MIN_COSINE, "%s: vectors of %d files agree, least cosine %.5f" % (name, len(paths), min(cosines)))
    ratio = statistics.median(a / max(b) for a, b in zip(own, others))
    checker.check(ratio >= WANTED, "%s: import with vectors %.1f files/s, Pillow %s + onnxruntime %s %.1f one by one, %.1f in batches: "
                  "%.2f times (%.1f wanted)" % (name, statistics.median(own), PIL.__version__, onnxruntime.__version__,
                                                statistics.median(b[0] for b in others), statistics.median(b[1] for b in others),
                                                ratio, WANTED))


def main(program, data, rounds="3"):
    data = os.path.realpath(os.path.join(data, "apparel"))
    paths = sorted(glob.glob(os.path.join(data, "**", "*.jpg"), recursive=True))
    if not paths:
        sys.exit("there are no pictures under %s" % data)
    checker = checks.Checks(program)
    for isa in (None, "AVX2"):
        compare(checker, data, paths, isa, int(rounds))
    checker.end()


if __name__ == "__main__":
    if sys.argv[1] == "--peer":
        peer(*sys.argv[2:])
    else:
        main(*sys.argv[1:])
