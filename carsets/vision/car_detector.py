"""The network itself. The one place where TensorFlow is imported, inside functions.

Importing it takes seconds and half a gigabyte, so all this runs in the detector's own process.
"""

from __future__ import annotations

import inspect
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from carsets.vision.framing import center_square, whole_and_middle
from carsets.vision.labels import BUILTIN_LABELS
from carsets.vision.model_files import (
    BUILTIN,
    DetectorUnavailable,
    ModelSpec,
    no_weights,
    read_arrays,
    weights_kind,
    weights_of,
)
from carsets.vision.pooling import regions
from carsets.vision.processor import has_bfloat16, this_processor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Run = Callable[[Any], tuple[Any, Any]]

BUILTIN_SIDE = 32  # pixels, of CIFAR-10
LOOKS = 2  # of the built-in network at each picture
GEM_POWER = 3.0
MOST_DIFFERENCE = 0.05  # of a probability, between bfloat16 and float32


@dataclass(frozen=True, slots=True, kw_only=True)
class CarDetector:
    """A loaded network: small pictures in, probabilities and features out."""

    name: str  # which network with which weights
    labels: str  # "imagenet" or "builtin"
    way: str  # how it runs: float32 or bfloat16, CPU or GPU
    side: int  # pixels
    run: Run

    @classmethod
    def load(cls, spec: ModelSpec) -> Self:
        """Build the network, give it its weights, and make it ready to run.

        Raises DetectorUnavailable, with one line that says what to do.
        """
        body = weights_of(spec)
        import tensorflow as tf

        if spec.threads:
            tf.config.threading.set_intra_op_parallelism_threads(spec.threads)
        graphics = tf.config.list_physical_devices("GPU")
        for card in graphics:
            tf.config.experimental.set_memory_growth(card, True)
        if spec.model == BUILTIN:
            model, name = load_builtin(body or b""), BUILTIN
            labels, step = BUILTIN, _builtin_step(model, spec.pooling)
            shape: tuple[int | None, ...] = (None, LOOKS, BUILTIN_SIDE, BUILTIN_SIDE, 3)
        else:
            model, name = load_application(spec, body)
            labels, step = "imagenet", _application_step(model, spec.model, spec.pooling)
            shape = (None, *model.input_shape[1:])
        side = int(shape[2] or 0)
        if spec.pooling != "average":  # features that were made otherwise are never compared
            name = f"{name} {spec.pooling}"
        run, way = _make_ready(step, shape, bool(graphics))
        return cls(name=name, labels=labels, way=way, side=side, run=run)

    def prepare(self, picture: Pixels) -> Pixels:
        """Cut one small RGB picture to what the network takes."""
        if self.labels == BUILTIN:
            return whole_and_middle(picture, self.side)
        return center_square(picture, self.side)

    def predict(
        self, pictures: Sequence[Pixels]
    ) -> tuple[NDArray[np.float32], NDArray[np.float16]]:
        """Return probabilities (N, labels) and pooled features (N, width) of small pictures."""
        batch = np.stack([self.prepare(picture) for picture in pictures])
        probabilities, features = self.run(batch)
        return np.asarray(probabilities, np.float32), np.asarray(features, np.float16)


# --- The built-in network -----------------------------------------------------------------------


def builtin_network() -> Any:
    """Return the built-in network, untrained: pictures (N, 32, 32, 3), 0..255, to class logits.

    A small residual network; its first step halves the picture, which makes training on two
    processor cores a matter of minutes.
    """
    import keras
    from keras import layers

    def convolve(x: Any, width: int, size: int, stride: int, name: str) -> Any:
        x = layers.Conv2D(width, size, stride, padding="same", use_bias=False, name=f"{name}_conv")(
            x
        )
        return layers.BatchNormalization(name=f"{name}_bn")(x)

    pictures = keras.Input((BUILTIN_SIDE, BUILTIN_SIDE, 3), name="pictures")
    x = layers.Rescaling(1 / 64, offset=-2.0, name="scale")(pictures)
    x = layers.ReLU()(convolve(x, 32, 4, 2, "stem"))
    for stage, width in enumerate((32, 64, 128), 1):
        stride = 1 if stage == 1 else 2
        y = layers.ReLU()(convolve(x, width, 3, stride, f"stage{stage}_1"))
        y = convolve(y, width, 3, 1, f"stage{stage}_2")
        if stride == 2:
            x = convolve(x, width, 1, 2, f"stage{stage}_0")
        x = layers.ReLU()(layers.Add()([x, y]))
    features = layers.GlobalAveragePooling2D(name="features")(x)
    logits = layers.Dense(len(BUILTIN_LABELS), name="logits")(features)
    return keras.Model(pictures, logits, name="builtin")


def load_builtin(body: bytes) -> Any:
    """Return the built-in network with the weights of a file's bytes."""
    model = builtin_network()
    put_arrays(model, read_arrays(body, BUILTIN), BUILTIN)
    return model


def _builtin_step(model: Any, pooling: str) -> Run:
    import keras
    import tensorflow as tf

    pooled = model.get_layer("features").output
    both = keras.Model(model.input, [model.output, _features(model, pooled, pooling)])

    def step(batch: Any) -> tuple[Any, Any]:
        looks = tf.reshape(tf.cast(batch, tf.float32), (-1, BUILTIN_SIDE, BUILTIN_SIDE, 3))
        logits, features = both(looks, training=False)
        chances = tf.reshape(tf.nn.softmax(logits), (-1, LOOKS, logits.shape[-1]))
        features = tf.reshape(features, (-1, LOOKS, features.shape[-1]))
        return tf.reduce_mean(chances, 1), tf.reduce_mean(features, 1)

    return step


# --- Networks of keras.applications -------------------------------------------------------------


def application(name: str) -> tuple[Callable[..., Any], Callable[[Any], Any]]:
    """Return builder and preprocessing of a network of keras.applications.

    Raises DetectorUnavailable for a name that it does not have.
    """
    from keras import applications

    for module in vars(applications).values():
        if inspect.ismodule(module) and hasattr(module, "preprocess_input"):
            builder = getattr(module, name, None)
            if inspect.isfunction(builder) and name[:1].isupper():
                return builder, module.preprocess_input
    known = sorted(key for key, value in vars(applications).items() if inspect.isfunction(value))
    raise DetectorUnavailable(
        f"CAR_DETECTION_MODEL={name} is neither builtin nor one of keras.applications: "
        f"{', '.join(known)}"
    )


def load_application(spec: ModelSpec, body: bytes | None) -> tuple[Any, str]:
    """Return a network of keras.applications with the weights of a file's bytes, and its name.

    Without bytes Keras fetches them. Raises DetectorUnavailable when that fails or they misfit.
    """
    builder, _ = application(spec.model)
    if body is not None:
        model = builder(weights=None)
        put_weights(model, body, spec.weights or "ImageNet's weights")
        origin = spec.sha256.strip().lower()[:8] if spec.weights else "imagenet"
        return model, f"{spec.model} {origin}"
    try:
        return builder(weights="imagenet"), f"{spec.model} imagenet"
    except Exception as error:  # Keras raises nothing more exact when it cannot fetch
        raise no_weights(spec.model, " ".join(str(error).split())) from None


def _application_step(model: Any, name: str, pooling: str) -> Run:
    import keras
    import tensorflow as tf

    _, preprocess = application(name)
    before = model.layers[-1].input  # of the classifier
    pooled = before if len(before.shape) == 2 else keras.layers.GlobalAveragePooling2D()(before)
    both = keras.Model(model.input, [model.output, _features(model, pooled, pooling)])

    def step(batch: Any) -> tuple[Any, Any]:
        probabilities, features = both(preprocess(tf.cast(batch, tf.float32)), training=False)
        return probabilities, features

    return step


# --- Pooling: what becomes of the last map ------------------------------------------------------


def last_map(model: Any) -> Any:
    """Return the output of a network's last layer that still has places, (N, rows, columns, width).

    Raises DetectorUnavailable for a network that has none.
    """
    for layer in reversed(model.layers):
        if not isinstance(layer.output, list) and len(layer.output.shape) == 4:
            return layer.output
    raise DetectorUnavailable(f"{model.name} has no map to pool: CAR_DETECTION_POOLING=average")


def _features(model: Any, average: Any, pooling: str) -> Any:
    """Return the features (N, width) of a network whose own are the average over its last map."""
    if pooling == "average":
        return average
    import keras

    pool = {"gem": gem, "rmac": rmac}[pooling]
    return keras.layers.Lambda(pool, name=f"pool_{pooling}")(last_map(model))


def gem(maps: Any) -> Any:
    """Return the generalized mean over the places of maps: between the mean and the maximum.

    Radenovic, Tolias and Chum 2018 (arXiv 1711.02512), with their power of 3.
    """
    import tensorflow as tf

    powers = tf.maximum(maps, 1e-6) ** GEM_POWER
    return tf.reduce_mean(powers, (1, 2)) ** (1 / GEM_POWER)


def rmac(maps: Any) -> Any:
    """Return the sum of the regions' maxima, each of length 1 (R-MAC).

    Tolias, Sicre and Jegou 2016 (arXiv 1511.05879): squares that overlap by 40 %, at three sizes.
    """
    import tensorflow as tf

    rows, columns = int(maps.shape[1]), int(maps.shape[2])
    parts = [
        tf.math.l2_normalize(
            tf.reduce_max(maps[:, top : top + side, left : left + side], (1, 2)), 1
        )
        for top, left, side in regions(rows, columns)
    ]
    return tf.add_n(parts) / len(parts)


# --- Weights ------------------------------------------------------------------------------------


def put_weights(model: Any, body: bytes, name: str) -> None:
    """Give a network the weights of a file's bytes; raises DetectorUnavailable if they differ."""
    kind = weights_kind(body, name)
    if kind == "npz":
        put_arrays(model, read_arrays(body, name), name)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"model.{kind}"  # what was hashed, not what lies there by now
        path.write_bytes(body)
        try:
            model.load_weights(str(path))
        except (ValueError, KeyError, OSError, TypeError) as error:
            raise _misfit(name, model, str(error)) from None


def put_arrays(model: Any, arrays: Mapping[str, NDArray[Any]], name: str) -> None:
    """Give a network arrays named ``layer/variable``; every one must be there and fit."""
    wanted = {variable.path: variable for variable in model.variables}
    if wanted.keys() != arrays.keys():
        odd = sorted(wanted.keys() ^ arrays.keys())
        raise _misfit(name, model, f"{len(odd)} names differ, the first is {odd[0]}")
    for path, variable in wanted.items():
        if arrays[path].shape != tuple(variable.shape) or arrays[path].dtype.kind != "f":
            raise _misfit(name, model, f"{path} is {arrays[path].shape} {arrays[path].dtype}")
        variable.assign(arrays[path].astype(np.float32))


def save_arrays(model: Any, path: Path) -> None:
    """Write a network's weights as plain arrays: kernels as float16, the rest as float32."""
    arrays = {
        variable.path: variable.numpy().astype(np.float16 if variable.ndim > 1 else np.float32)
        for variable in model.variables
    }
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def _misfit(name: str, model: Any, why: str) -> DetectorUnavailable:
    return DetectorUnavailable(
        f"{name} does not fit {model.name}: {' '.join(why.split())[:300]}. Are they the weights of "
        "this network, with its thousand classes?"
    )


# --- Making it fast -----------------------------------------------------------------------------


def _make_ready(step: Run, shape: tuple[int | None, ...], graphics: bool) -> tuple[Run, str]:
    """Return the fastest way to run a network here whose decisions are those of float32."""
    import tensorflow as tf

    probe = _probe(shape)
    plain = _freeze(step, shape)
    expected = np.asarray(plain(probe)[0])
    if graphics:
        return plain, "float32, GPU"
    if not has_bfloat16(this_processor()):
        return plain, "float32, CPU"
    tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True})
    quick = _freeze(step, shape)
    if same_decisions(expected, np.asarray(quick(probe)[0])):
        return quick, "bfloat16, CPU"
    tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": False})
    return plain, "float32, CPU"


def same_decisions(one: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Tell whether two ways to run a network agree on the probe: best labels and probabilities."""
    best = np.array_equal(one.argmax(1), other.argmax(1))
    return best and float(np.abs(one - other).max()) <= MOST_DIFFERENCE


def _freeze(step: Run, shape: tuple[int | None, ...]) -> Run:
    """Return the step as one graph with constant weights, for any batch size: never retraced."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    traced = tf.function(step).get_concrete_function(tf.TensorSpec(shape, tf.uint8))
    frozen = convert_variables_to_constants_v2(traced)

    def run(batch: Any) -> tuple[Any, Any]:
        probabilities, features = frozen(tf.constant(batch))
        return probabilities, features

    return run


def _probe(shape: tuple[int | None, ...]) -> Pixels:
    """Return a few made-up pictures: smooth colors, so that a network has an opinion."""
    size = (4, *(int(edge or 0) for edge in shape[1:]))
    coarse = np.random.default_rng(1).integers(0, 256, (4, 4, 4, 3), np.uint8)
    rows = np.arange(size[-3]) * 4 // size[-3]
    columns = np.arange(size[-2]) * 4 // size[-2]
    pictures = coarse[:, rows][:, :, columns]
    if len(size) == 5:
        pictures = np.repeat(pictures[:, None], size[1], axis=1)
    return np.ascontiguousarray(pictures)
