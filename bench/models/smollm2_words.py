"""Texts of a JSON file as token ids of SmolLM2, and lists of ids as texts.

    python smollm2_words.py IN.json OUT.json

IN.json is a list of texts and of lists of ids; OUT.json is a list of the other of the two for each.
"""

import json
import pathlib
import sys

from smollm2_passages import tokenizer


def main():
    source, out = map(pathlib.Path, sys.argv[1:3])
    made = tokenizer()
    other = lambda item: made.encode(item, add_special_tokens=False).ids if isinstance(item, str) else made.decode(item, skip_special_tokens=False)
    out.write_text(json.dumps([other(item) for item in json.loads(source.read_text())]))


if __name__ == "__main__":
    main()
