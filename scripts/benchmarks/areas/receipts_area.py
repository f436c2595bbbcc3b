"""Real receipts: what is read from their images, against what people say is on them; seconds and memory."""

import datetime
import io
import json
import os
import re
import resource
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from difflib import SequenceMatcher
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from PIL import Image

from app import ai, config
from app.errors import ModelError
from app.receipts import images, ocr, vision
from app.receipts.extraction import Hints, extract
from app.receipts.kinds import kind_of
from app.receipts.pages import Page, Transcript
from app.receipts.schemas import Extraction, Reading
from benchmarks.figures import Figure, Part, at_most, noted
from benchmarks.progress import Progress
from service import ROOT

_FOLDER = Path(os.environ.get("RECEIPT_IMAGES", ROOT.parent / "shared" / "receipts"))
_SIMILAR = 0.8
# Percent of a set's receipts that must be right.
_GOALS: Mapping[str, tuple[str, str, Mapping[str, float]]] = {
    "sroie": ("R1", "SROIE", {"total": 95, "date": 98, "similar": 92, "store": 85}),
    "wildreceipt": ("R2", "WildReceipt", {"total": 90, "date": 96, "similar": 85}),
    "german": ("R3", "German", {"total": 95, "date": 95}),
}
# Their labels have the chain, which isn't what the receipt says.
_ONLY_CHAINS = ("german",)
_LABELS = ("total", "date", "tax", "store")
_SAYS = {
    "total": "total exact",
    "date": "date exact",
    "similar": f"store alike (difflib ≥ {_SIMILAR}; letters and digits only)",
    "store": "store exact (letters and digits only)",
    "tax": "tax exact",
}


def measure(scale: float, folder: Path = _FOLDER) -> Iterator[Figure]:
    """R1 to R4, of the images in a folder that has a truth.json: file → total, date, store …"""
    if not (folder / "truth.json").is_file():
        print(f"receipts: no truth.json in {folder}; name a folder or set RECEIPT_IMAGES", file=sys.stderr)
        return
    if not ocr.available():
        print("receipts: the OCR isn't installed (requirements-ocr.txt)", file=sys.stderr)
        return
    truths = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    chosen = dict(list(truths.items())[:: round(1 / scale)])
    readings, peak = _read(folder, chosen)
    for name, names in _sets(chosen, folder.resolve().name).items():
        score = _Score()
        for receipt in names:
            score.add(receipt, chosen[receipt], readings[receipt].by_rules)
        yield _quality(name, score)
    yield _cost(readings, peak)
    if any(read.by_model for read in readings.values()):
        for name, names in _sets(chosen, folder.resolve().name).items():
            score = _Score()
            for receipt in names:
                score.add(receipt, chosen[receipt], readings[receipt].by_model)
            yield _quality(name, score, by_model=True)


def _sets(names: Iterable[str], default: str) -> dict[str, list[str]]:
    """The receipts of each subfolder."""
    sets: dict[str, list[str]] = {}
    for name in names:
        sets.setdefault(Path(name).parent.name or default, []).append(name)
    return sets


# --- Reading --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Read:
    """What came of an image, in a form that crosses processes."""

    seconds: float
    processor: float
    """Seconds of processor time, all threads together."""
    by_rules: str | None
    """The extraction as JSON; None: it failed."""
    by_model: str | None = None


_reader: ocr.Reader
_model: ai.Model | None


def _start() -> None:
    global _reader, _model
    settings = config.load(
        supabase_url="http://127.0.0.1", supabase_publishable_key="sb_publishable_none", _env_file=None
    )
    _reader = ocr.Reader(threads=settings.receipts_threads)
    _model = ai.Model(settings) if settings.openai_api_key else None


def _read_one(path: Path, hints: Hints) -> _Read:
    """From the file to the fields, in a process of its own; with a key also by the vision model."""
    start, processor = time.perf_counter(), time.process_time()
    extraction, transcript = None, None
    try:
        content = path.read_bytes()
        pages = [
            Page((jpeg,), _reader.read(Image.open(io.BytesIO(jpeg))).lines)
            for page in images.prepare(content, kind_of(content))
            for jpeg in page.images
        ]
        extraction = extract([page.text or () for page in pages], hints)
        transcript = Transcript(pages, extraction)
    except Exception as error:
        print(f"\n{path.name}: {error!r}", file=sys.stderr)
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    return _Read(seconds, processor, _json(extraction), _json(_seen(transcript, hints)))


def _seen(transcript: Transcript | None, hints: Hints) -> Extraction | None:
    """What the vision model makes of it, without the budget that users have."""
    if _model is None or transcript is None:
        return None
    try:
        return vision.see(transcript, hints, _model)[0]
    except ModelError as error:
        print(f"\n{error.code}: {error.message}", file=sys.stderr)
        return None


def _json(extraction: Extraction | None) -> str | None:
    return None if extraction is None else extraction.model_dump_json()


def _peak() -> float:
    """GB that this process has held at most."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def _read(folder: Path, truths: Mapping[str, Any]) -> tuple[dict[str, _Read], float]:
    """Every image, one after the other, and the most memory that it took."""
    progress = Progress(f"{len(truths)} receipts", len(truths))
    readings = {}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_start) as process:
        for name, truth in truths.items():
            hints = Hints(
                today=datetime.datetime.now(datetime.UTC).date(),
                currency=truth.get("currency"),
                day_first=truth.get("day_first"),
            )
            readings[name] = process.submit(_read_one, folder / name, hints).result()
            progress.add(1)
        return readings, process.submit(_peak).result()


# --- Scoring --------------------------------------------------------------------------------------


@dataclass
class _Score:
    """How many receipts of a set say what, and how many were read right."""

    labelled: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    prices: int = 0
    prices_read: int = 0
    prices_right: int = 0

    def add(self, name: str, truth: Mapping[str, Any], json: str | None) -> None:
        """Compares one receipt with its labels; one that failed has nothing right."""
        read = Extraction.model_validate_json(json) if json else None
        for what in _LABELS[:3]:
            value = _value(getattr(read, what, None))
            if truth.get(what) is not None:
                self._count(what, right=value == truth[what])
                if value != truth[what] and what != "tax":
                    print(f"{name}: {what} {value}, labelled {truth[what]}", file=sys.stderr)
        if truth.get("store"):
            wanted, found = _letters(truth["store"]), _letters(_value(getattr(read, "store", None)) or "")
            self._count("store", right=found == wanted)
            self._count("similar", right=SequenceMatcher(None, found, wanted).ratio() >= _SIMILAR)
        if truth.get("item_prices") is not None:
            wanted_prices = Counter(map(Decimal, truth["item_prices"]))
            found_prices = Counter(line.amount for line in read.lines) if read else Counter[Decimal]()
            self.prices += wanted_prices.total()
            self.prices_read += found_prices.total()
            self.prices_right += (wanted_prices & found_prices).total()

    def _count(self, what: str, *, right: bool) -> None:
        self.labelled[what] += 1
        self.right[what] += right


def _value(reading: Reading[Any] | None) -> str | None:
    return None if reading is None else str(reading.value)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text.casefold())


def _quality(name: str, score: _Score, *, by_model: bool = False) -> Figure:
    number, what, goals = _GOALS.get(name, (name, name, {}))
    if by_model:
        number, goals = f"{number}v", {}
    parts = [
        _share(_SAYS[part], score.right[part], score.labelled[part], goals.get(part))
        for part in _SAYS
        if score.labelled[part] and not (name in _ONLY_CHAINS and part in ("store", "similar"))
    ]
    if score.prices:
        parts.append(_share("prices of lines found", score.prices_right, score.prices))
        parts.append(_share("prices of lines that are on the receipt", score.prices_right, score.prices_read))
    return Figure(
        number,
        f"{what}: fields read from images by {'the vision model' if by_model else 'OCR and rules'}",
        tuple(parts),
        ", ".join(
            f"{_SAYS[part].split(' (')[0]}: {score.labelled[part]} labelled" for part in score.labelled
        ),
    )


def _share(what: str, right: int, of: int, goal: float | None = None) -> Part:
    percent = 100 * right / of if of else 0.0
    if goal is None:
        return noted(what, percent, "%")
    return Part(what, percent, "%", f"≥ {goal:g}", percent >= goal)


def _cost(readings: Mapping[str, _Read], peak: float) -> Figure:
    seconds = sorted(read.seconds for read in readings.values())
    return Figure(
        "R4",
        "time and memory of reading an image",
        (
            at_most("median", statistics.median(seconds), 2.5, "s"),
            noted("processor time, median", statistics.median(r.processor for r in readings.values()), "s"),
            noted("p95", seconds[int(0.95 * (len(seconds) - 1))], "s"),
            at_most("peak memory", peak, 1.5, "GB"),
            at_most("failures", sum(read.by_rules is None for read in readings.values()), 0, ""),
        ),
        f"{len(seconds)} images, from file to fields, one process, {os.cpu_count()} cores",
    )
