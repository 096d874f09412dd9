"""What the numbers of route_quality.py are made of: what more labels and better checks bring, and how sure they are.

    python tests/bench/route_curves.py FOLDER [--split heldout] [--pairs code,MIX]

FOLDER is the routing quality benchmark's, with its bench.py. Without --split nothing is read but the examples meant for
training, in four parts, each foretold from the other three: by these numbers the choices of the package were made.
"""

import argparse
import importlib.util
import random
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

PARTS = 4
LABELS = (0, 100, 300, 1_000, 3_000, 10_000)
FOUND = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
"""Of the wrong answers, so many are found by a check that finds fault with no right one."""
RESAMPLED = 200

Row = Sequence[Any]
"""The benchmark's own: prompt, weak's and strong's score, weak's and strong's cost, signals."""
Example = tuple[str, float, float]


class Bench:
    """The benchmark's folder, and what is measured in it."""

    def __init__(self, folder: Path, split: str | None, pairs: Sequence[str]) -> None:
        self._bench = _imported(folder / "bench.py")
        self._routed_by = _imported(Path(__file__).with_name("route_quality.py"))
        self._split = split
        self._known: dict[tuple[str, int], tuple[list[float], list[float]]] = {}
        named = [pair for pair in self._bench.CFG["pairs"] if any(part in pair for part in pairs)]
        self.rows: dict[str, list[Row]] = {pair: self._bench.rows(pair, split or "dev") for pair in named}

    def parts(self, pair: str) -> Iterator[tuple[list[Example], list[int]]]:
        """What is learned from, and the places of what is foretold from it."""
        rows = self.rows[pair]
        if self._split == "heldout":
            yield [_example(row) for row in self._bench.rows(pair, "dev")], list(range(len(rows)))
            return
        # By the text: the same question is asked of several pairs of models.
        part = [zlib.crc32(row[0].encode()) % PARTS for row in rows]
        for one in range(PARTS):
            yield (
                [_example(row) for row, other in zip(rows, part, strict=True) if other != one],
                [place for place, other in enumerate(part) if other == one],
            )

    def foretold(self, pair: str, labels: int, *, checked: bool = False) -> list[float]:
        """The number for each prompt of `pair`, learned from at most so many examples. To learn takes long, so both
        kinds, without and with a look at the cheap answer, are kept.
        """
        if (pair, labels) not in self._known:
            plain, seen = [0.0] * len(self.rows[pair]), [0.0] * len(self.rows[pair])
            for examples, places in self.parts(pair):
                routing = self._routed_by.Routing()
                random.Random(labels).shuffle(examples)
                routing.examples = examples[:labels]
                routing.fit()
                for place in places:
                    row = self.rows[pair][place]
                    plain[place], seen[place] = routing.route(row[0]), routing.route(row[0], row[5])
            self._known[pair, labels] = plain, seen
        return self._known[pair, labels][checked]

    def apgr(self, rows: Sequence[Row], numbers: Sequence[float], *, checked: bool = False) -> float | None:
        """None = both models are as good on these rows."""
        measured = self._bench.metrics(rows, numbers, checked)
        return measured["apgr"] if measured else None

    def saved(self, pair: str, numbers: Sequence[float]) -> float:
        """Against asking the strong model always, at 95 % of its quality."""
        return float(self._bench.metrics(self.rows[pair], numbers)["save95q"])


def _example(row: Row) -> Example:
    prompt, weak, strong, *_ = row
    return prompt, weak, strong


def _imported(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _row(name: str, values: Sequence[float]) -> str:
    mean = sum(values) / len(values)
    return f"{name:>28}  mean {mean:.3f}  least {min(values):.3f}  " + " ".join(f"{value:.3f}" for value in values)


def by_labels(bench: Bench) -> None:
    """Mean APGR by the number of examples learned from, and what is saved over tossing a coin."""
    print("APGR by labels:", ", ".join(bench.rows))
    for labels in LABELS:
        known = {pair: bench.foretold(pair, labels) for pair in bench.rows}
        print(
            _row(f"{labels} labels", [bench.apgr(bench.rows[pair], known[pair]) or 0.0 for pair in known]), flush=True
        )
        if labels in {LABELS[0], LABELS[-1]}:
            ahead = [bench.saved(pair, known[pair]) - _by_coin(bench, pair) for pair in known]
            print(_row("saved at 95 % over chance", ahead))
            _how_sure(bench, known)


def _by_coin(bench: Bench, pair: str) -> float:
    coin = random.Random(0)
    tosses = [bench.saved(pair, [coin.random() for _ in bench.rows[pair]]) for _ in range(5)]
    return sum(tosses) / len(tosses)


def _how_sure(bench: Bench, known: dict[str, list[float]]) -> None:
    """The mean and the least pair, had other prompts of the same kind been asked."""
    again = random.Random(7)
    means, least = [], []
    for _ in range(RESAMPLED):
        values = []
        for pair, numbers in known.items():
            places = [again.randrange(len(numbers)) for _ in numbers]
            rows = [bench.rows[pair][place] for place in places]
            values.append(bench.apgr(rows, [numbers[place] for place in places]))
        sure = [value for value in values if value is not None]
        means.append(sum(sure) / len(sure))
        least.append(min(sure))
    for name, numbers in (("mean", sorted(means)), ("least pair", sorted(least))):
        low, high = numbers[len(numbers) // 40], numbers[-1 - len(numbers) // 40]
        print(f"{'95 % of the time the ' + name:>35} is within {low:.3f} and {high:.3f}")


def by_check(bench: Bench) -> None:
    """The same with a look at the cheap answer: at what shows of it, and by checks that find so many of the wrong."""
    pairs = [pair for pair in bench.rows if all(row[5] for row in bench.rows[pair])]
    print("APGR of a cascade:", ", ".join(pairs))
    for labels in (LABELS[0], LABELS[-1]):
        known = {pair: bench.foretold(pair, labels, checked=True) for pair in pairs}
        values = [bench.apgr(bench.rows[pair], numbers, checked=True) or 0.0 for pair, numbers in known.items()]
        print(_row(f"what shows, {labels} labels", values), flush=True)
    plain = {pair: bench.foretold(pair, 0) for pair in pairs}
    for share in FOUND:
        chance = random.Random(1)
        values = []
        for pair in pairs:
            found = [row[1] < 0.5 and chance.random() < share for row in bench.rows[pair]]
            numbers = [number + one for number, one in zip(plain[pair], found, strict=True)]
            values.append(bench.apgr(bench.rows[pair], numbers, checked=True) or 0.0)
        print(_row(f"a check that finds {share * 100:.0f} %", values))


def by_tests(bench: Bench) -> None:
    """What a cascade whose check is sure costs and is worth, against the strong model alone."""
    print("With tests that find every wrong answer, against the strong model:")
    for pair, rows in bench.rows.items():
        quality = sum(row[1] if row[1] >= 0.5 else row[2] for row in rows) / sum(row[2] for row in rows)
        cost = sum(row[3] + (row[4] if row[1] < 0.5 else 0.0) for row in rows) / sum(row[4] for row in rows)
        print(f"{pair:>28}  {quality * 100:.0f} % of its quality for {cost * 100:.0f} % of its cost")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--split", choices=["heldout"])
    parser.add_argument("--pairs", default="")
    said = parser.parse_args()
    bench = Bench(said.folder, said.split, said.pairs.split(","))
    by_labels(bench)
    by_check(bench)
    by_tests(bench)


if __name__ == "__main__":
    main()
