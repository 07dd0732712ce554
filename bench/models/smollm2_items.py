"""Questions of language benchmarks as token ids of SmolLM2.

    python smollm2_items.py OUT.json TASK=FILE.jsonl ...

A task is one of hellaswag (ctx, endings, label), piqa (goal, sol1, sol2, label), arc_easy and arc_challenge (question.stem,
question.choices, answerKey), lambada (context, continuation), gsm8k (question, answer), humaneval (prompt, canonical_solution).
OUT.json holds, for every task, a list of {context, choices, sizes, label}: ids of what comes first, ids of every continuation, the
bytes of their texts, and which is right. Tasks with one continuation have no label.
"""

import json
import pathlib
import re
import sys

from smollm2_passages import tokenizer


def plain(text):
    """Headings of the WikiHow half of HellaSwag as sentences; other marks in brackets fall away."""
    text = re.sub(r"\[.*?\]", "", text.strip().replace(" [title]", ". "))
    return re.sub(r" +", " ", text)


def arc(d):
    choices = d["question"]["choices"]
    label = [c["label"] for c in choices].index(d["answerKey"])
    return f"Question: {d['question']['stem']}\nAnswer:", [" " + c["text"] for c in choices], label


TASKS = {
    "hellaswag": lambda d: (plain(d["ctx"]), [" " + plain(e) for e in d["endings"]], d["label"]),
    "piqa": lambda d: (f"Question: {d['goal']}\nAnswer:", [" " + d["sol1"], " " + d["sol2"]], d["label"]),
    "arc_easy": arc,
    "arc_challenge": arc,
    "lambada": lambda d: (d["context"], [" " + d["continuation"]], None),
    "gsm8k": lambda d: (f"Question: {d['question']}\nAnswer:", [" " + d["answer"]], None),
    "humaneval": lambda d: (d["prompt"], [d["canonical_solution"]], None),
}


def main():
    made = tokenizer()
    encode = lambda text: made.encode(text, add_special_tokens=False).ids
    result = {}
    for argument in sys.argv[2:]:
        task, path = argument.split("=", 1)
        items = []
        for number, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
            if not line.strip():
                continue
            try:
                context, choices, label = TASKS[task](json.loads(line))
            except (KeyError, ValueError, TypeError) as error:
                sys.exit(f"{path}, line {number}: not an item of {task}: {error!r}")
            # As one text, so that the border between the two is where the tokenizer has it.
            first = encode(context)
            both = [encode(context + choice) for choice in choices]
            ids = [b[len(first) :] if b[: len(first)] == first else encode(c) for b, c in zip(both, choices)]
            item = {"context": first, "choices": ids, "sizes": [len(c.strip().encode()) for c in choices]}
            items.append(item if label is None else {**item, "label": label})
        result[task] = items
    pathlib.Path(sys.argv[1]).write_text(json.dumps(result))


if __name__ == "__main__":
    main()
