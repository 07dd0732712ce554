"""Passages of a fixed number of tokens for SmolLM2, from lines of JSON.

    python smollm2_passages.py OUT.json TEXT_DIR [--tokens 128]

TEXT_DIR holds hellaswag.jsonl (ctx, endings, label), lambada.jsonl (context, continuation) and gsm8k.jsonl (question, answer).
Items follow each other, an empty line between them, until a passage is full; a new passage starts with a new item. Test
passages (6, 2, 2 of the sources) come from the end of each file, calibration passages (18, 6, 6) from its start, so that no
item is in both.
"""

import argparse
import json
import pathlib

from gguf import GGUFReader
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from smollm2 import weights_file

SOURCES = {
    "hellaswag": (18, 6, lambda d: f"{d['ctx']} {d['endings'][d['label']]}"),
    "lambada": (6, 2, lambda d: f"{d['context']} {d['continuation']}"),
    "gsm8k": (6, 2, lambda d: f"{d['question']}\n{d['answer']}"),
}
CONTROL = 3


def tokenizer():
    """The tokenizer that the GGUF file describes."""
    fields = GGUFReader(weights_file()).fields
    words = fields["tokenizer.ggml.tokens"].contents()
    kinds = fields["tokenizer.ggml.token_type"].contents()
    merges = [tuple(m.split(" ", 1)) for m in fields["tokenizer.ggml.merges"].contents()]
    made = Tokenizer(models.BPE(vocab={word: i for i, word in enumerate(words)}, merges=merges))
    digits, bytes_ = pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.pre_tokenizer = pre_tokenizers.Sequence([digits, bytes_])
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens([AddedToken(w, special=True, normalized=False) for w, kind in zip(words, kinds) if kind == CONTROL])
    return made


def passages(texts, count, tokens, encode):
    found, texts = [], iter(texts)
    while len(found) < count:
        text = next(texts)
        while len(ids := encode(text)) < tokens:
            text += "\n\n" + next(texts)
        found.append(ids[:tokens])
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("texts", type=pathlib.Path)
    parser.add_argument("--tokens", type=int, default=128)
    options = parser.parse_args()
    made = tokenizer()
    encode = lambda text: made.encode(text, add_special_tokens=False).ids
    result = {"tokens": options.tokens, "calibration": [], "test": []}
    for source, (learn, test, text_of) in SOURCES.items():
        lines = (options.texts / f"{source}.jsonl").read_text().splitlines()
        texts = [text_of(json.loads(line)) for line in lines]
        for part, count, order in (("calibration", learn, texts), ("test", test, texts[::-1])):
            for ids in passages(order, count, options.tokens, encode):
                result[part].append({"source": source, "ids": ids})
    options.out.write_text(json.dumps(result))


if __name__ == "__main__":
    main()
