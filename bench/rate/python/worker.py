"""Runs the Python peers, one request at a time, in one process.

A request is one line of JSON on standard input, its answer one line of JSON on standard output; tensors travel as .npy files.

    {"op": "peers"}                                        -> {"peers": {name: {"about": …} or {"missing": …}}}
    {"op": "run", "peer": NAME, "setting": {…}, "input": FILE, "output": FILE}
        FILE holds a stack [items, …]; every item is encoded to bytes and decoded from these bytes alone (and its dims)
        -> {"bytes": […], "encodeMs": CPU time an item, "decodeMs": …}
"""
import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import importlib
import inspect
import json
import pathlib
import sys
import time

import numpy as np

HERE = pathlib.Path(__file__).parent
# Answers go to the real standard output; what the libraries print goes to standard error.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def load_peers():
    """Peers by name; what cannot be imported is kept as the reason why."""
    sys.path.insert(0, str(HERE))
    found = {}
    for path in sorted((HERE / "peers").glob("*.py")):
        try:
            found[path.stem] = importlib.import_module(f"peers.{path.stem}")
        except Exception as error:
            found[path.stem] = f"{type(error).__name__}: {error}"
    return found


def run(peer, request):
    stack = np.load(request["input"], mmap_mode="r")
    result = np.empty(stack.shape, np.float32)
    # What the decoder of a calibrated peer knows beforehand comes with the setting.
    known = [request["setting"]] if len(inspect.signature(peer.decode).parameters) > 2 else []
    sizes, spent = [], [0.0, 0.0]
    for i in range(len(stack)):
        item = np.array(stack[i], np.float32)
        t0 = time.process_time()
        data = peer.encode(item, request["setting"])
        t1 = time.process_time()
        result[i] = peer.decode(bytes(data), item.shape, *known)
        t2 = time.process_time()
        sizes.append(len(data))
        spent[0] += t1 - t0
        spent[1] += t2 - t1
    np.save(request["output"], result)
    encode_ms, decode_ms = (1000 * s / len(stack) for s in spent)
    return {"bytes": sizes, "encodeMs": encode_ms, "decodeMs": decode_ms}


def answer(peers, request):
    if request["op"] == "peers":
        describe = lambda p: {"missing": p} if isinstance(p, str) else {"about": p.about()}
        return {"peers": {name: describe(p) for name, p in peers.items()}}
    peer = peers[request["peer"]]
    if isinstance(peer, str):
        return {"error": peer}
    return run(peer, request)


def main():
    peers = load_peers()
    for line in sys.stdin:
        try:
            reply = answer(peers, json.loads(line))
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(reply) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
