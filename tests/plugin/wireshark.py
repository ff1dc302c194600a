# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs Wireshark's programs with the plugin under test, and nobody else's settings.

As root Wireshark ignores plugins in a home directory, so the programs run as an ordinary user whose
home is a temporary directory that holds the plugin; nothing is installed system-wide.
"""
import json
import os
import re
import shutil
import subprocess
import tempfile

NOBODY = 65534


class Wireshark:
    def __init__(self, plugin, environment=None):
        self.home = tempfile.mkdtemp(prefix="lifeline-plugin-")
        self.environment = dict(os.environ, HOME=self.home, XDG_CONFIG_HOME=self.home + "/.config",
                                XDG_RUNTIME_DIR=self.home, LC_ALL="C.UTF-8", TZ="UTC")
        self.environment.pop("WIRESHARK_PLUGIN_DIR", None)
        self.environment.update(environment or {})
        self.names = None
        self.version = self._version()
        folder = f"{self.home}/.local/lib/wireshark/plugins/{self.version}/epan"
        os.makedirs(folder)
        if plugin is not None:
            shutil.copy(plugin, folder + "/lifeline.so")
        os.chmod(self.home, 0o755)
        if os.geteuid() == 0:
            for path, _, files in os.walk(self.home):
                for name in [path] + [os.path.join(path, f) for f in files]:
                    os.chown(name, NOBODY, NOBODY)

    def close(self):
        shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @staticmethod
    def _version():
        text = subprocess.run(["tshark", "--version"], capture_output=True, text=True).stdout
        return re.search(r"(\d+\.\d+)\.\d+", text).group(1)

    def command(self, program, arguments):
        if os.geteuid() != 0:
            return [program, *arguments]
        return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", program,
                *arguments]

    def run(self, program, *arguments, **more):
        """Runs a program; input files are given by an open descriptor's path or are readable."""
        return subprocess.run(self.command(program, arguments), env=self.environment,
                              capture_output=True, cwd=self.home, **more)

    def tshark(self, capture, *arguments, **more):
        """Runs tshark on a capture, which the ordinary user may not be able to reach itself."""
        if os.geteuid() != 0:
            return self.run("tshark", "-n", "-r", os.path.abspath(capture), *arguments, **more)
        with tempfile.NamedTemporaryFile(dir=self.home) as copy:
            with open(capture, "rb") as file:
                shutil.copyfileobj(file, copy)
            copy.flush()
            os.chmod(copy.name, 0o644)
            return self.run("tshark", "-n", "-r", copy.name, *arguments, **more)

    def value_names(self):
        """{field: {number as text: name}} of the plugin's value strings; asked once."""
        if self.names is None:
            names = {}
            text = self.run("tshark", "-G", "values", text=True).stdout
            for line in text.splitlines():
                row = line.split("\t")
                if row[0] == "V" and row[1].startswith("lifeline."):
                    names.setdefault(row[1], {})[row[2]] = row[3]
            if not names:
                raise RuntimeError("tshark doesn't load the plugin")
            self.names = names
        return self.names


def multi(pairs):
    """A JSON object whose keys may come more than once: {key: [values]}."""
    out = {}
    for key, value in pairs:
        out.setdefault(key, []).append(value)
    return out


def frames(output):
    """[(frame number, [lifeline layers])] of tshark's -T json -J "frame lifeline" output."""
    text = output.decode("utf-8", "replace")
    if not text.strip():
        return []
    result = []
    for packet in json.loads(text, object_pairs_hook=multi):
        layers = packet["_source"][0]["layers"][0]
        number = int(layers["frame"][0]["frame.number"][0])
        result.append((number, layers.get("lifeline", [])))
    return result
