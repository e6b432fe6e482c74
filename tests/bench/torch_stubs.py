# SPDX-License-Identifier: GPL-3.0-or-later
"""Empty stand-ins for the libraries of graphics cards that PyTorch's wheel is linked against, so that it starts on a machine
without them and computes on the processor. Every function returns 100, "no device"."""
import collections
import ctypes
import glob
import os
import re
import subprocess

ERROR_NO_DEVICE = 100


def read(*arguments):
    return subprocess.run(("readelf", "-W") + arguments, capture_output=True, text=True, check=True).stdout


def wanted_symbols(libraries):
    """{library: {version: symbols}} of what has a version, and the symbols that have none and nobody defines."""
    versioned = collections.defaultdict(lambda: collections.defaultdict(set))
    bare, defined = set(), set()
    for path in libraries:
        owner, library = {}, None
        for line in read("-V", path).splitlines():
            file = re.search(r"File: (\S+)", line)
            library = file.group(1) if file else library
            version = re.search(r"Name: (\S+)\s+Flags", line)
            if version and library:
                owner[version.group(1)] = library
        for line in read("--dyn-syms", path).splitlines():
            words = line.split()
            if len(words) < 8:
                continue
            name, _, version = words[7].partition("@")
            if words[6] != "UND":
                defined.add(name)
            elif version:
                version = version.lstrip("@")
                versioned[owner.get(version)][version].add(name)
            elif re.match(r"(cu|nccl|nvrtc|nv|__cuda|_ZN5cudnn)", name):
                bare.add(name)
    return versioned, bare - defined


def is_there(name):
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def build(torch_folder, target):
    libraries = glob.glob(os.path.join(torch_folder, "lib", "*.so*"))
    own = {os.path.basename(path) for path in libraries}
    needed = {name for path in libraries for name in re.findall(r"NEEDED.*\[(.*?)\]", read("-d", path))}
    versioned, bare = wanted_symbols(libraries)
    os.makedirs(target, exist_ok=True)
    for name in sorted(needed - own):
        if is_there(name):
            continue
        symbols = sorted(bare) + [symbol for names in versioned[name].values() for symbol in sorted(names)]
        bare = set()  # the first of them defines these for all
        source, script = os.path.join(target, "stub.c"), os.path.join(target, "stub.map")
        with open(source, "w", encoding="ascii") as file:
            file.writelines("int %s (void) { return %d; }\n" % (symbol, ERROR_NO_DEVICE) for symbol in symbols)
        with open(script, "w", encoding="ascii") as file:
            file.writelines("%s { global: %s };\n" % (version, " ".join(symbol + ";" for symbol in sorted(names)))
                            for version, names in versioned[name].items())
        subprocess.run(["gcc", "-shared", "-fPIC", "-w", "-fno-builtin", source, "-o", os.path.join(target, name),
                        "-Wl,-soname," + name] + (["-Wl,--version-script," + script] if versioned[name] else []), check=True)
