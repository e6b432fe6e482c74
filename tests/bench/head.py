# SPDX-License-Identifier: GPL-3.0-or-later
"""head.py PROGRAM [ROUNDS]: fitting heads, in turn with scikit-learn's LogisticRegression on the very same vectors (1,000 of
1,280 numbers, 10 concepts). What must hold: a warm refit at fixed regularisation within 50 ms, the whole cross-validation (four
kinds of views, six C, five folds) within 1 s, probabilities within 1e-3 of scikit-learn's optimum. Runs once more with
ONEDNN_MAX_CPU_ISA=AVX2, which caps Fovea alone."""
import os
import statistics
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import peers  # noqa: E402

peers.require()

import checks  # noqa: E402
import numpy  # noqa: E402
import sklearn  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402

ROWS, DIM, CONCEPTS, C = 1000, 1280, 10, 30.0
REFIT_MS, CROSS_VALIDATION_MS = 50.0, 1000.0


def unit(rows):
    return rows / numpy.linalg.norm(rows, axis=-1, keepdims=True)


def make_vectors():
    """Clouds that overlap, about a common centre: nine of ten are told apart, as embeddings of real pictures are."""
    random = numpy.random.default_rng(0)
    centre = numpy.abs(random.standard_normal(DIM))
    concepts = centre + 0.35 * random.standard_normal((CONCEPTS, DIM))
    labels = (numpy.arange(ROWS) % CONCEPTS).astype("<i4")
    spread = numpy.exp(random.standard_normal(DIM))  # some directions vary much more than others
    vectors = unit(concepts[labels] + 1.6 * spread * random.standard_normal((ROWS, DIM)))
    return vectors.astype("<f4"), labels


def peer_fit(vectors, labels, tolerance):
    start = time.perf_counter()
    model = LogisticRegression(C=C, max_iter=5000, tol=tolerance).fit(vectors, labels)
    return model, (time.perf_counter() - start) * 1e3


def main(program, rounds="3"):
    checker = checks.Checks(program)
    vectors, labels = make_vectors()
    exact = peer_fit(vectors.astype("f8"), labels, 1e-8)[0].predict_proba(vectors)
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, name) for name in ("x.npy", "y.npy", "p.npy")]
        numpy.save(paths[0], vectors)
        numpy.save(paths[1], labels)
        for isa in (None, "AVX2"):
            environment = dict(os.environ, **({"ONEDNN_MAX_CPU_ISA": isa} if isa else {}))
            own, other = [], []
            for _ in range(int(rounds)):
                own.append(checker.json("bench", "head", "--vectors", paths[0], "--labels", paths[1], "--out", paths[2], "--c", C,
                                        env=environment))
                other.append(peer_fit(vectors, labels, 1e-4)[1])
            name = own[0]["kernels"]
            refit = statistics.median(run["warm_refit_ms"] for run in own)
            whole = min(run["cross_validation_ms"] for run in own)
            peer = statistics.median(other)
            worst = float(numpy.abs(numpy.load(paths[2]) - exact).max())
            checker.check(refit <= REFIT_MS, "%s: warm refit %.1f ms (%.0f wanted); scikit-learn %s fits once in %.0f ms: %.0f times" % (
                name, refit, REFIT_MS, sklearn.__version__, peer, peer / refit))
            checker.check(whole <= CROSS_VALIDATION_MS, "%s: cross-validation of %d fits %.0f ms (%.0f wanted)" % (
                name, own[0]["fits"], whole, CROSS_VALIDATION_MS))
            checker.check(worst <= 1e-3, "%s: probabilities within %.1e of the optimum (1e-3 wanted)" % (name, worst))
    checker.end()


if __name__ == "__main__":
    main(*sys.argv[1:])
