"""Train the small network that ships with carsets (`CAR_DETECTION_MODEL=builtin`).

One command, from nothing to the weights file:

    python training/train_builtin_detector.py --cifar FOLDER --out builtin_detector.npz

FOLDER holds ``cifar10_train_jpeg.npz`` (CIFAR-10 as JPEG). The network sees those pictures and
our own drawn scenes, nothing else. Two phases: `photos` learns from CIFAR-10 alone, `drawn` goes
on with drawn scenes mixed in while the learning rate falls to zero. Every random choice comes
from ``--seed`` and the number of the step, so a run can be repeated.
"""

from __future__ import annotations

import argparse
import io
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # without it AMD processors train at half speed

import keras
import numpy as np
import tensorflow as tf
from drawn_pictures import draw_training_pictures
from PIL import Image

from carsets.vision.car_detector import builtin_network, save_arrays
from carsets.vision.labels import BUILTIN_LABELS

SIDE = 32
BATCH = 128
AUTOMOBILE, TRUCK = 1, 9
PART, NOTHING = 10, 11
TRUCK_PRIOR = 1 / 9  # trucks for each automobile: one of ten body styles, all equally likely
TRUCK_SHARE = 1 / 2  # trucks for each automobile in the batches of the last phase
HELD_OUT = 5_000  # of the training files: for choosing, never trained on


@dataclass(frozen=True)
class Phase:
    """One stretch of training."""

    name: str
    steps: int
    rate_from: float
    rate_to: float
    drawn_share: float  # of each batch


PHASES = (
    Phase("photos", 7000, 0.10, 0.04, 0.0),
    Phase("drawn", 5000, 0.04, 0.0, 0.3),
)


def read_cifar(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the pictures (N, 32, 32, 3) uint8 and the class numbers of one JPEG bundle."""
    bundle = np.load(path, allow_pickle=False)
    head, data, offsets = bundle["header"].tobytes(), bundle["data"].tobytes(), bundle["offsets"]
    pictures = np.empty((len(offsets) - 1, SIDE, SIDE, 3), np.uint8)
    for n in range(len(pictures)):
        body = head + data[offsets[n] : offsets[n + 1]]
        pictures[n] = np.asarray(Image.open(io.BytesIO(body)).convert("RGB"))
    return pictures, bundle["labels"].astype(np.int64)


class Augmenter:
    """Makes the batches: framing, backgrounds, parts, textures, color, sharpness."""

    def __init__(self, pictures: np.ndarray, labels: np.ndarray, seed: int) -> None:
        self.pictures = tf.constant(pictures)
        self.labels = tf.constant(labels)
        self.vehicles = tf.constant(np.flatnonzero((labels == AUTOMOBILE) | (labels == TRUCK)))
        self.others = tf.constant(np.flatnonzero((labels != AUTOMOBILE) & (labels != TRUCK)))
        self.seed = seed

    def uniform(self, step: tf.Tensor, salt: int, shape: list[int], low: float, high: float) -> Any:
        key = tf.stack([tf.cast(step, tf.int32), self.seed * 1000 + salt])
        return tf.random.stateless_uniform(shape, key, low, high)

    def pick(self, step: tf.Tensor, salt: int, pool: tf.Tensor, count: int) -> tf.Tensor:
        """Return `count` random members of `pool`."""
        spot = self.uniform(step, salt, [count], 0.0, 1.0) * tf.cast(tf.shape(pool)[0], tf.float32)
        return tf.gather(pool, tf.cast(spot, tf.int32))

    def cut(
        self, pictures: tf.Tensor, step: tf.Tensor, salt: int, scale: Any, aspect: float, slack: Any
    ) -> tf.Tensor:
        """Cut a box of relative side `scale` (above 1: the picture shrinks); outside is -1."""
        count = pictures.shape[0]
        stretch = tf.exp(self.uniform(step, salt, [count], -aspect, aspect) / 2)
        height, width = scale * stretch, scale / stretch
        dy = self.uniform(step, salt + 1, [count], -1.0, 1.0) * (tf.abs(1 - height) / 2 + slack)
        dx = self.uniform(step, salt + 2, [count], -1.0, 1.0) * (tf.abs(1 - width) / 2 + slack)
        top, left = 0.5 + dy - height / 2, 0.5 + dx - width / 2
        boxes = tf.stack([top, left, top + height, left + width], 1)
        return tf.image.crop_and_resize(
            pictures, boxes, tf.range(count), [SIDE, SIDE], extrapolation_value=-1.0
        )

    def backgrounds(self, step: tf.Tensor, salt: int, count: int) -> tf.Tensor:
        """Return crops of pictures without a vehicle: from a whole one to a mere texture."""
        pictures = tf.cast(
            tf.gather(self.pictures, self.pick(step, salt, self.others, count)), tf.float32
        )
        scale = self.uniform(step, salt + 1, [count], 0.2, 0.9)
        return tf.maximum(self.cut(pictures, step, salt + 2, scale, 0.3, 0.0), 0.0)

    def recolor(self, pictures: tf.Tensor, step: tf.Tensor) -> tf.Tensor:
        """Change light, contrast, saturation and white balance; blur some; add noise to some."""
        count = pictures.shape[0]

        def each(salt: int, low: float, high: float, last: int = 1) -> tf.Tensor:
            return self.uniform(step, salt, [count, 1, 1, last], low, high)

        gray = tf.reduce_mean(pictures, 3, keepdims=True)
        saturation = tf.where(each(60, 0, 1) < 0.1, 0.0, each(61, 0.6, 1.4))
        pictures = gray + (pictures - gray) * saturation
        pictures = pictures * each(62, 0.9, 1.1, 3)
        mean = tf.reduce_mean(pictures, [1, 2, 3], keepdims=True)
        pictures = mean + (pictures - mean) * each(63, 0.7, 1.3) + each(64, -25, 25)
        coarse = tf.image.resize(tf.nn.avg_pool2d(pictures, 2, 2, "SAME"), [SIDE, SIDE])
        fine = tf.nn.avg_pool2d(pictures, 3, 1, "SAME")
        sharp = pictures + (pictures - fine) * each(65, 0.0, 1.0)
        pictures = tf.where(each(66, 0, 1) < 0.3, coarse, pictures)
        pictures = tf.where(each(67, 0, 1) < 0.3, sharp, pictures)
        noise = self.uniform(step, 68, list(pictures.shape), -1.0, 1.0)
        pictures += noise * tf.maximum(each(69, -24, 10), 0.0)
        return tf.clip_by_value(pictures, 0.0, 255.0)

    def photos(self, step: tf.Tensor, count: int) -> tuple[tf.Tensor, tf.Tensor]:
        """Return CIFAR pictures: two fifths vehicles, the rest the eight other classes."""
        vehicles = count * 2 // 5
        index = tf.concat(
            [
                self.pick(step, 10, self.vehicles, vehicles),
                self.pick(step, 11, self.others, count - vehicles),
            ],
            0,
        )
        pictures = tf.cast(tf.gather(self.pictures, index), tf.float32)
        labels = tf.gather(self.labels, index)
        # The first vehicles of the batch become close crops, which must not count as a vehicle.
        parts = count // 20
        # Most pictures stay near their own size; the square makes smaller ones rarer.
        small = self.uniform(step, 13, [count - parts], 0.0, 1.0) ** 2 * 0.65
        whole = self.uniform(step, 15, [count - parts], 0.75, 1.02) + small
        scale = tf.concat([self.uniform(step, 12, [parts], 0.25, 0.45), whole], 0)
        slack = tf.concat([tf.zeros([parts]), tf.fill([count - parts], 0.06)], 0)
        framed = self.cut(pictures, step, 16, scale, 0.35, slack)
        framed = tf.where(framed < 0, self.backgrounds(step, 20, count), framed)
        labels = tf.concat([tf.fill([parts], np.int64(PART)), labels[parts:]], 0)
        return framed, labels

    def nothings(self, step: tf.Tensor, count: int) -> tf.Tensor:
        """Return pictures of nothing: textures, four-part collages and flat shapes."""
        texture = self.backgrounds(step, 30, count)
        second, third = self.backgrounds(step, 36, count), self.backgrounds(step, 42, count)
        edge = self.uniform(step, 48, [2, count, 1, 1, 1], 6.0, 26.0)
        ramp = tf.cast(tf.range(SIDE), tf.float32)
        row, column = ramp[None, :, None, None], ramp[None, None, :, None]
        collage = tf.where(row < edge[0], texture, tf.where(column < edge[1], second, third))
        # An ellipse of one plain color on a plain ground: faces, fruit, bowls, signs.
        size = self.uniform(step, 49, [2, count, 1, 1, 1], 4.0, 15.0)
        spot = self.uniform(step, 50, [2, count, 1, 1, 1], 8.0, 24.0)
        inside = ((row - spot[0]) / size[0]) ** 2 + ((column - spot[1]) / size[1]) ** 2 < 1
        colors = self.uniform(step, 51, [2, count, 1, 1, 3], 0.0, 255.0)
        shapes = tf.where(inside, colors[0], colors[1] + (row - 16) * 2)
        blend = self.uniform(step, 52, [count, 1, 1, 1], 0.0, 0.7)
        shapes = shapes * (1 - blend) + second * blend
        kind = self.uniform(step, 53, [count, 1, 1, 1], 0.0, 1.0)
        return tf.where(kind < 0.35, texture, tf.where(kind < 0.7, collage, shapes))

    def batch(
        self, step: tf.Tensor, drawn: tf.Tensor | None, drawn_labels: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Return one batch: pictures as float32 0..255, and labels."""
        rest = BATCH - (0 if drawn is None else drawn.shape[0])
        nothing = rest // 8
        pictures, labels = self.photos(step, rest - nothing)
        pictures = tf.concat([pictures, self.nothings(step, nothing)], 0)
        labels = tf.concat([labels, tf.fill([nothing], np.int64(NOTHING))], 0)
        if drawn is not None:
            pictures, labels = (
                tf.concat([pictures, drawn], 0),
                tf.concat([labels, drawn_labels], 0),
            )
        flip = self.uniform(step, 5, [BATCH, 1, 1, 1], 0.0, 1.0) < 0.5
        pictures = tf.where(flip, pictures[:, :, ::-1], pictures)
        return self.recolor(pictures, step), labels


def batches(augmenter: Augmenter, phase: Phase, first: int, drawn: Any) -> tf.data.Dataset:
    """Return the batches of one phase; `drawn` is (pictures, labels) or None."""
    count = int(BATCH * phase.drawn_share) if drawn is not None else 0
    if count:
        drawn_pictures, drawn_labels = tf.constant(drawn[0]), tf.constant(drawn[1])

    def make(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        if not count:
            return augmenter.batch(step, None, None)
        pool = tf.range(drawn_labels.shape[0])
        index = augmenter.pick(step, 80, pool, count)
        pictures = tf.cast(tf.gather(drawn_pictures, index), tf.float32)
        scale = augmenter.uniform(step, 81, [count], 0.85, 1.25)
        framed = augmenter.cut(pictures, step, 82, scale, 0.3, 0.03)
        framed = tf.where(framed < 0, augmenter.backgrounds(step, 86, count), framed)
        return augmenter.batch(step, framed, tf.gather(drawn_labels, index))

    steps = tf.data.Dataset.range(first, first + phase.steps)
    return steps.map(make, num_parallel_calls=2, deterministic=True).prefetch(4)


def run_phase(model: keras.Model, data: tf.data.Dataset, phase: Phase) -> None:
    """Train `model` on the batches of one phase."""
    warm = 200 if phase is PHASES[0] else 0
    rate = keras.optimizers.schedules.CosineDecay(
        phase.rate_from / 10 if warm else phase.rate_from,
        phase.steps - warm,
        alpha=phase.rate_to / phase.rate_from,
        warmup_target=phase.rate_from if warm else None,
        warmup_steps=warm,
    )
    optimizer = keras.optimizers.SGD(rate, 0.9, nesterov=True, weight_decay=5e-4)
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.05)
    classes = len(BUILTIN_LABELS)
    model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=False)
    data = data.map(lambda pictures, labels: (pictures, tf.one_hot(labels, classes)))
    per_epoch = 200
    model.fit(data.repeat(), steps_per_epoch=per_epoch, epochs=phase.steps // per_epoch, verbose=2)


def report(model: keras.Model, pictures: np.ndarray, labels: np.ndarray, name: str) -> None:
    """Print how well vehicles are told from the rest, on pictures that were held out."""
    logits = model.predict(pictures.astype(np.float32), batch_size=256, verbose=0)
    chances = np.exp(logits - logits.max(1, keepdims=True))
    chances /= chances.sum(1, keepdims=True)
    score = chances[:, AUTOMOBILE] + chances[:, TRUCK]
    truth = (labels == AUTOMOBILE) | (labels == TRUCK)
    kept = score >= 0.5
    hit = int((kept & truth).sum())
    precision, recall = hit / max(1, int(kept.sum())), hit / int(truth.sum())
    accuracy = float((chances.argmax(1) == labels).mean())
    print(f"{name}: accuracy {accuracy:.3f}, precision {precision:.3f}, recall {recall:.3f}")


def correct_prior(model: keras.Model) -> None:
    """Make trucks as rare as they are among our scenes: one vehicle in ten.

    In the batches they were half as frequent as automobiles, so that they were learnt well; left
    at that, everything large and rectangular would be a truck.
    """
    layer = model.get_layer("logits")
    kernel, bias = layer.get_weights()
    bias[TRUCK] += np.log(TRUCK_PRIOR / TRUCK_SHARE)
    layer.set_weights([kernel, bias])


def drawn_pictures(count: int, seed: int, work: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the drawn pictures and their classes; what was drawn before is read again."""
    path = work / f"drawn_{count}_{seed}.npz"
    if not path.exists():
        pictures, labels = draw_training_pictures(count, seed)
        np.savez(path, pictures=pictures, labels=labels)
    kept = np.load(path, allow_pickle=False)
    return kept["pictures"], kept["labels"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cifar", type=Path, required=True, help="folder of the JPEG bundles")
    parser.add_argument("--out", type=Path, required=True, help="weights file to write (.npz)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--drawn", type=int, default=6000, help="number of scenes to draw")
    parser.add_argument("--work", type=Path, help="folder for what lies between the phases")
    parser.add_argument("--only", choices=[phase.name for phase in PHASES], help="one phase alone")
    asked = parser.parse_args()
    keras.utils.set_random_seed(asked.seed)
    tf.config.threading.set_intra_op_parallelism_threads(2)
    pictures, labels = read_cifar(asked.cifar / "cifar10_train_jpeg.npz")
    held_out = pictures[-HELD_OUT:], labels[-HELD_OUT:]
    augmenter = Augmenter(pictures[:-HELD_OUT], labels[:-HELD_OUT], asked.seed)
    model = builtin_network()
    work = asked.work or asked.out.parent
    first = 0
    for phase in PHASES:
        checkpoint = work / f"{phase.name}.weights.h5"
        if asked.only in (None, phase.name):
            drawn = None
            if phase.drawn_share:
                drawn = drawn_pictures(asked.drawn, asked.seed, work)
            began = time.monotonic()
            run_phase(model, batches(augmenter, phase, first, drawn), phase)
            model.save_weights(checkpoint)
            print(f"{phase.name}: {time.monotonic() - began:.0f} s")
            report(model, *held_out, f"held-out CIFAR after {phase.name}")
        elif asked.only is not None and checkpoint.exists():
            model.load_weights(checkpoint)
        first += phase.steps
    correct_prior(model)
    report(model, *held_out, "held-out CIFAR as shipped")
    save_arrays(model, asked.out)


if __name__ == "__main__":
    main()
