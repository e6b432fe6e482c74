# SPDX-License-Identifier: GPL-3.0-or-later
"""cli.py FOVEA MAKE_PACK: runs the built program as a person or a script does, on pictures made here and a pack of a few numbers."""
import csv
import io
import json
import os
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import zlib

FOVEA, MAKE_PACK = "", ""


def png(rgb, number, size=16):
    """A picture of one colour with @number in its first pixel, so that no two are alike."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    rows = bytearray((b"\0" + bytes(rgb) * size) * size)
    rows[1:3] = struct.pack(">H", number)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(bytes(rows))) + chunk(b"IEND", b""))


class Cli(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory()
        self.folder = self.scratch.name
        packs = self.path("packs")
        os.mkdir(packs)
        subprocess.run([MAKE_PACK, packs], check=True)
        self.env = dict(os.environ, FOVEA_PACK_DIR=packs, XDG_STATE_HOME=self.path("state"), FOVEA_THUMBNAIL_DIR=self.path("thumbnails"),
                        XDG_CACHE_HOME=self.path("cache"))
        self.project = self.path("p.fovea")

    def tearDown(self):
        self.scratch.cleanup()

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, name, content):
        path = os.path.join(os.fsencode(self.folder), os.fsencode(name))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        return os.fsdecode(path)

    def classes(self, folder="data", n=6):
        for i in range(n):
            self.write("%s/red/%d.png" % (folder, i), png((220, 30 + i, 20), 2 * i))
            self.write("%s/blue/%d.png" % (folder, i), png((20, 30 + i, 220), 2 * i + 1))
        return self.path(folder)

    def run_fovea(self, *args, status=0, stdin=None, cwd=None):
        done = subprocess.run([FOVEA, *args], env=self.env, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, cwd=cwd)
        self.assertEqual(done.returncode, status, "fovea %s\n%s" % (" ".join(map(str, args)), done.stderr.decode(errors="replace")))
        return done

    def json(self, *args, **kwargs):
        return json.loads(self.run_fovea(*args, "--json", **kwargs).stdout)

    def create(self):
        self.run_fovea("project", "create", self.project)

    def trained(self):
        self.create()
        folder = self.classes()
        self.json("import", self.project, folder)
        self.run_fovea("models", "create", self.project, "--id", "m", "--param", "concepts_mutually_exclusive=true")
        self.run_fovea("models", "train", self.project, "m")
        return folder


class Usage(Cli):
    def test_wrong_usage_is_2_and_leaves_stdout_empty(self):
        for args in (["nonsense"], ["--nonsense"], ["import"], ["project", "nonsense"], ["project", "create"], ["label", "p", "a"], ["import", "p", "x", "--format", "x"],
                     ["models", "predict", "p", "m", "a.png", "--top", "0"], ["models", "predict", "p", "m", "a.png", "--min-value", "2"],
                     ["models", "predict", "p", "m", "a.png", "--json", "--csv"], ["export", "p", "x"], ["import", "p", "x", "--nonsense"]):
            done = self.run_fovea(*args, status=2)
            self.assertEqual(done.stdout, b"")
            self.assertTrue(done.stderr)

    def test_every_command_helps(self):
        commands = [line.split() for line in self.run_fovea("--help").stdout.decode().splitlines() if line.startswith("  ") and line[2] not in " -"]
        seen = 0
        for words in commands:
            name = words[:2] if words[0] in ("project", "models", "nn", "bench") else words[:1]
            done = self.run_fovea(*name, "--help")
            self.assertTrue(done.stdout + done.stderr, name)
            seen += 1
        self.assertGreaterEqual(seen, 15)

    def test_version(self):
        self.assertTrue(self.run_fovea("--version").stdout.startswith(b"fovea "))

    def test_words_and_numbers_are_the_same_in_every_language(self):
        """Programs read them. The window's catalogs lie beside this very program, and must not be taken up."""
        self.create()
        commands = (["models", "types", "--json"], ["models", "types", "visual-classifier"], ["project", "info", self.project],
                    ["models", "train", self.project, "nobody"])
        for command in commands:
            said = []
            for language in ("C", "de"):
                env = dict(self.env, LC_ALL="C.UTF-8", LANGUAGE=language)
                done = subprocess.run([FOVEA, *command], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False)
                said.append((done.returncode, done.stdout, done.stderr))
            self.assertEqual(said[0], said[1], command)

    def test_failures_are_1_and_say_why(self):
        done = self.run_fovea("project", "info", self.path("none.fovea"), status=1)
        self.assertIn(b"none.fovea", done.stderr)
        self.create()
        done = self.run_fovea("project", "create", self.project, status=1)
        self.assertIn(b"p.fovea", done.stderr)
        done = self.run_fovea("models", "train", self.project, "nobody", status=1)
        self.assertIn(b"nobody", done.stderr)
        self.write("junk.fovea", b"this is not a database")
        self.run_fovea("project", "info", self.path("junk.fovea"), status=1)


class Import(Cli):
    def test_report_and_info(self):
        self.create()
        folder = self.classes(n=3)
        self.write("data/red/broken.png", b"\x89PNG\r\n\x1a\nshort")
        self.write("data/blue/again.png", png((220, 30, 20), 0))
        report = self.json("import", self.project, folder)
        self.assertEqual((report["imported"], report["duplicates"], report["failed"], report["status"]["code"]), (6, 1, 1, 10010))
        rows = {os.path.basename(row["path"]): row["status"] for row in report["files"]}
        self.assertEqual(sorted(rows), ["0.png", "broken.png"])
        self.assertEqual(rows["0.png"]["code"], 30100)
        self.assertTrue(rows["broken.png"]["details"])
        info = self.json("project", "info", self.project)
        self.assertEqual((info["inputs"], info["annotations"], info["concepts"], info["vectors"]), (6, 6, 2, 6))
        self.assertTrue(self.json("project", "check", self.project)["ok"])

    def test_one_class_folder_as_told(self):
        self.create()
        self.classes(n=2)
        self.run_fovea("import", self.project, self.path("data/red"), "--format", "folders")
        info = self.json("project", "info", self.project)
        self.assertEqual([(label["id"], label["count"]) for label in info["labels"]], [("red", 2)])

    def test_split_and_files_from(self):
        self.create()
        names = [self.write("loose/%d.png" % i, png((90, 90, 90), i)) for i in range(3)]
        report = self.json("import", self.project, "--split", "val", "--files-from", "-", stdin="\n".join(names).encode())
        self.assertEqual(report["imported"], 3)
        self.assertEqual(self.json("project", "info", self.project)["splits"], {"val": 3})

    def test_awkward_names(self):
        self.create()
        names = [b"-rf.png", b"=1+1.png", b"new\nline.png", b"latin1_\xe9.png", b" blank .png", b"a;b&c%20d#e?.png"]
        for number, name in enumerate(names):
            self.write(b"odd/" + name, png((9, 9, 9), number))
        self.write(b"odd/bad_\xe9.png", b"no picture")
        report = self.json("import", self.project, self.path("odd"))
        self.assertEqual((report["imported"], report["failed"]), (len(names), 1))
        self.assertTrue(report["files"][0]["path_bytes"].endswith("bad_%E9.png"))
        self.run_fovea("label", self.project, "--concept", "c", "--", "-rf.png", "=1+1.png", cwd=self.path("odd"))
        self.run_fovea("export", self.project, self.path("t.csv"), "--format", "csv")
        with open(self.path("t.csv"), newline="", encoding="utf-8", errors="surrogateescape") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(sorted(os.fsencode(os.path.basename(row["path"])) for row in rows), sorted(names))


class Labels(Cli):
    def test_label_not_clear(self):
        self.create()
        names = [self.write("loose/%d.png" % i, png((90, 90, 90), i)) for i in range(3)]
        self.run_fovea("import", self.project, self.path("loose"))
        self.assertEqual(self.json("label", self.project, "--concept", "Red Hat", *names)["changed"], 3)
        self.assertEqual(self.json("label", self.project, "--concept", "Red Hat", "--not", names[0])["changed"], 1)
        label = self.json("project", "info", self.project)["labels"][0]
        self.assertEqual((label["id"], label["name"], label["count"], label["not_count"]), ("red-hat", "Red Hat", 2, 1))
        self.run_fovea("label", self.project, "--clear", *names)
        self.assertEqual(self.json("project", "info", self.project)["annotations"], 0)

    def test_one_concept_a_picture(self):
        """Class folders: a label takes the place of the folder's, unless others are to be kept."""
        self.create()
        self.run_fovea("import", self.project, self.classes(n=3))
        self.assertTrue(self.json("project", "info", self.project)["one_concept"])

        def counts():
            return {label["name"]: label["count"] for label in self.json("project", "info", self.project)["labels"]}
        self.run_fovea("label", self.project, "--concept", "blue", self.path("data/red/0.png"))
        self.assertEqual(counts(), {"blue": 4, "red": 2})
        self.run_fovea("label", self.project, "--concept", "blue", "--others", "keep", self.path("data/red/1.png"))
        self.assertEqual(counts(), {"blue": 5, "red": 2})
        self.run_fovea("label", self.project, "--concept", "blue", "--others", "replace", self.path("data/red/1.png"))
        self.assertEqual(counts(), {"blue": 5, "red": 1})
        self.run_fovea("label", self.project, "--concept", "blue", "--others", "all", self.path("data/red/1.png"), status=2)

    def test_unknown_picture_labels_nothing(self):
        self.create()
        name = self.write("loose/0.png", png((90, 90, 90), 0))
        self.run_fovea("import", self.project, self.path("loose"))
        done = self.run_fovea("label", self.project, "--concept", "x", name, self.path("other.png"), status=1)
        self.assertIn(b"other.png", done.stderr)
        self.assertEqual(self.json("project", "info", self.project)["annotations"], 0)


class Models(Cli):
    def test_create_by_payload(self):
        self.create()
        payload = {"model": {"id": "pets", "model_type_id": "embedding-classifier",
                             "output_info": {"data": {"concepts": [{"id": "boscoe"}, {"id": "max", "name": "Max"}]},
                                             "output_config": {"concepts_mutually_exclusive": True}, "params": {"max_concepts": 3}}}}
        made = self.json("models", "create", self.project, "--payload", "-", stdin=json.dumps(payload).encode())["model"]
        self.assertEqual([c["id"] for c in made["output_info"]["data"]["concepts"]], ["boscoe", "max"])
        self.assertEqual(made["output_info"]["params"]["max_concepts"], 3)
        self.assertEqual(made["model_version"]["status"]["code"], 21102)
        self.run_fovea("models", "create", self.project, "--id", "pets", status=1)
        self.run_fovea("models", "create", self.project, "--id", "two", "--param", "nonsense=1", status=2)
        self.run_fovea("models", "create", self.project, "--payload", "-", stdin=b"{", status=2)

    def test_predict_keeps_the_order_of_arguments(self):
        folder = self.trained()
        red, blue = os.path.join(folder, "red", "1.png"), os.path.join(folder, "blue", "2.png")
        missing = self.path("missing.png")
        document = self.json("models", "predict", self.project, "m", red, missing, blue, "--top", "1")
        self.assertEqual(document["status"]["code"], 10010)
        outputs = document["outputs"]
        self.assertEqual([o["input"]["data"]["image"]["url"] for o in outputs], [red, missing, blue])
        self.assertEqual(outputs[0]["data"]["concepts"][0]["id"], "red")
        self.assertEqual(outputs[1]["data"], {})
        self.assertNotEqual(outputs[1]["status"]["code"], 10000)
        self.assertEqual(outputs[2]["data"]["concepts"][0]["id"], "blue")
        lines = self.run_fovea("models", "predict", self.project, "m", red, blue, "--jsonl").stdout.decode().splitlines()
        self.assertEqual([json.loads(line)["data"]["concepts"][0]["id"] for line in lines], ["red", "blue"])
        rows = list(csv.DictReader(io.StringIO(self.run_fovea("models", "predict", self.project, "m", red, missing, "--csv", "--top", "1").stdout.decode())))
        self.assertEqual([(row["concept"], row["status"]) for row in rows][0], ("red", "10000"))
        self.assertEqual(rows[1]["rank"], "0")

    def test_evaluate_and_list(self):
        self.trained()
        metrics = self.json("models", "evaluate", self.project, "m")["eval_metrics"][0]
        self.assertIn("top1_accuracy", metrics["summary"])
        model = self.json("models", "list", self.project)["models"][0]
        self.assertEqual(model["model_version"]["status"]["code"], 21100)
        self.assertEqual(len(model["model_version"]["id"]), 32)

    def test_export_never_overwrites(self):
        self.trained()
        out = self.path("m.onnx")
        self.run_fovea("models", "export", self.project, "m", out)
        before = os.stat(out).st_size
        self.run_fovea("models", "export", self.project, "m", out, status=1)
        self.assertEqual(os.stat(out).st_size, before)
        self.run_fovea("models", "export", self.project, "m", out, "--force")

    def test_pack_without_a_project(self):
        picture = self.write("a.png", png((5, 5, 5), 1))
        document = self.json("models", "predict", "--pack", "efficientnet-lite0", picture, "--top", "2")
        self.assertEqual(len(document["outputs"][0]["data"]["concepts"]), 2)
        self.env["FOVEA_PACK_DIR"] = self.path("nothing")
        done = self.run_fovea("models", "predict", "--pack", "efficientnet-lite0", picture, status=1)
        self.assertIn(b"efficientnet-lite0", done.stderr)

    def test_types_and_packs(self):
        types = self.json("models", "types")["model_types"]
        self.assertIn("embedding-classifier", [t["id"] for t in types])
        self.assertEqual(self.json("models", "types", "embedding-classifier")["model_type"]["id"], "embedding-classifier")
        self.run_fovea("models", "types", "nonsense", status=1)
        packs = {p["name"]: p for p in self.json("packs")["packs"]}
        self.assertTrue(packs["efficientnet-lite0"]["installed"])


class Interrupt(Cli):
    def test_ctrl_c_leaves_a_whole_project_that_goes_on(self):
        self.create()
        folder = self.path("many")
        for i in range(1500):
            self.write("many/%d.png" % i, png((90, 90, 90), i, 64))
        child = subprocess.Popen([FOVEA, "import", self.project, folder], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 start_new_session=True)
        with sqlite3.connect("file:%s?mode=ro" % self.project, uri=True) as store:
            end = time.monotonic() + 30
            while child.poll() is None and time.monotonic() < end and not store.execute("SELECT count(*) FROM inputs").fetchone()[0]:
                time.sleep(0.02)
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGINT)
        _, said = child.communicate(timeout=60)
        self.assertIn(child.returncode, (0, 1))
        if child.returncode == 1:
            self.assertIn(b"again continues", said)
        self.assertTrue(self.json("project", "check", self.project)["ok"])
        self.json("import", self.project, folder)
        self.assertEqual(self.json("project", "info", self.project)["inputs"], 1500)


if __name__ == "__main__":
    FOVEA, MAKE_PACK = (os.path.abspath(path) for path in sys.argv[1:3])
    unittest.main(argv=[sys.argv[0]] + sys.argv[3:])
