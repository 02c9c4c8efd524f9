"""Our estimate of wrong labels beside cleanlab's, on the same features at the same review budget.

    python -m venv /tmp/peers && /tmp/peers/bin/pip install -r requirements.txt cleanlab
    /tmp/peers/bin/python -m benchmarks.label_noise [--shared ../shared/data] [--seed 1]

Both judge pictures of CIFAR-10 (5 % of their labels swapped), and drawn scenes of
``benchmarks.planted_noise``, by the features of the built-in detector as ``scrapy curate`` prepares
them. cleanlab is given out-of-sample probabilities of scikit-learn's logistic regression, in five
parts as ours; of its three ways to order labels each is shown. No caption, no second query.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.planted_noise import World, draw
from carsets.curation.out_of_sample import judge
from carsets.curation.similarity import Described, Graph, build_graph

WIDTH = 128
PARTS = 5
BUDGETS = (0.05, 0.1)  # of the images are looked at
WAYS = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")
SWAPPED = 0.05


def main() -> None:
    """Compare on both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--images", type=int, default=6_000, help="of CIFAR-10's 10,000")
    parser.add_argument("--scenes", type=int, default=4_000, help="0: only CIFAR-10")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rng = np.random.default_rng(asked.seed)
    features, truth = cifar(asked.shared / "cifar10" / "cifar10_test_jpeg.npz", asked.images)
    codes = truth.copy()
    swapped = rng.random(len(codes)) < SWAPPED
    codes[swapped] = (codes[swapped] + rng.integers(1, 10, swapped.sum())) % 10
    compare("cifar10", graph_of(features), codes, np.arange(len(codes)), codes != truth)
    made = World(asked.seed, silent=True).items(asked.scenes) if asked.scenes else []
    if not made:
        return
    draw(made)
    items = [item for item, _, _ in made if item.fault in ("", "swapped")]
    graph = graph_of(np.stack([np.frombuffer(item.features, "<f2") for item in items]))
    authors = np.unique([item.author for item in items], return_inverse=True)[1]
    for label in ("make", "body", "color"):
        names, codes = np.unique([item.labels[label] for item in items], return_inverse=True)
        wrong = names[codes] != np.array([item.truth[label] for item in items])
        compare(label, graph, codes, authors, wrong)


def cifar(path: Path, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return features and labels of the first pictures of CIFAR-10's test part."""
    from carsets.vision.car_detector import CarDetector
    from carsets.vision.model_files import ModelSpec

    store = np.load(path)
    head, data, ends = store["header"].tobytes(), store["data"].tobytes(), store["offsets"]
    detector, parts = CarDetector.load(ModelSpec(model="builtin")), []
    for start in range(0, count, 200):
        numbers = range(start, min(start + 200, count))
        files = [io.BytesIO(head + data[ends[at] : ends[at + 1]]) for at in numbers]
        pictures = [np.asarray(Image.open(file).convert("RGB")) for file in files]
        parts.append(detector.predict(pictures)[1])
    return np.concatenate(parts), store["labels"][:count].astype(np.int32)


def graph_of(features: np.ndarray) -> Graph:
    """Return the graph of similarities that curation would build."""
    raw = features.astype(np.float32)
    mean = raw.mean(0)
    _, _, directions = np.linalg.svd(raw - mean, full_matrices=False)
    vectors = (raw - mean) @ directions[:WIDTH].T
    lengths = np.maximum(np.linalg.norm(vectors, axis=1), 1e-9)
    middle = np.append(directions[:WIDTH] @ mean, 0).astype(np.float32)
    return build_graph(Described(np.arange(len(raw)), vectors / lengths[:, None], lengths, middle))


def compare(name: str, graph: Graph, codes: Any, owners: Any, wrong: np.ndarray) -> None:
    """Print precision and recall of both."""
    codes, owners = codes.astype(np.int32), owners.astype(np.uint64)
    began = process_time()
    ours = np.nan_to_num(judge(graph, codes, owners).wrong)
    print(
        f"{name}: {len(codes)} images, {wrong.sum()} wrong; ours in {process_time() - began:.1f} s"
    )
    print(f"  called wrong by us: {told(ours >= 0.5, wrong)}")
    print(f"  in the queue's head, ours: {heads(ours, wrong)}")
    try:
        from cleanlab.filter import find_label_issues
        from cleanlab.rank import get_label_quality_scores
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import GroupKFold, cross_val_predict
    except ImportError:
        print("  cleanlab is not installed here")
        return
    began = process_time()
    chances = cross_val_predict(
        LogisticRegression(max_iter=200),
        graph.vectors,
        codes,
        groups=owners % PARTS,
        cv=GroupKFold(PARTS),
        method="predict_proba",
    )
    issues = find_label_issues(codes, chances, n_jobs=1)
    print(f"  called wrong by cleanlab, in {process_time() - began:.1f} s: {told(issues, wrong)}")
    for way in WAYS:
        doubt = -get_label_quality_scores(codes, chances, method=way)
        print(f"  in the queue's head, cleanlab's {way}: {heads(doubt, wrong)}")


def told(found: np.ndarray, wrong: np.ndarray) -> str:
    """Return precision and recall in words."""
    hits = (found & wrong).sum()
    precision, recall = hits / max(1, found.sum()), hits / wrong.sum()
    return f"{found.sum()}, precision {precision:.3f}, recall {recall:.3f}"


def heads(doubt: np.ndarray, wrong: np.ndarray) -> str:
    """Return which share of the wrong labels the first images have."""
    order = np.argsort(-doubt, kind="stable")
    shares = [wrong[order[: round(part * len(order))]].sum() / wrong.sum() for part in BUDGETS]
    return ", ".join(
        f"{share:.3f} in {part:.0%}" for part, share in zip(BUDGETS, shares, strict=True)
    )


if __name__ == "__main__":
    main()
