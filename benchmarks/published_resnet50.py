"""Turn published, product-quantized ResNet-50 weights into a weights file for Keras.

The weights (``../shared/data/models``) are for measuring only: they are not ours to distribute.
Their README describes how they are stored and how they fit ``keras.applications.ResNet50``.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

BLOCKS = (3, 4, 6, 3)  # residual blocks per stage
MEAN = np.array([0.485, 0.456, 0.406])  # of RGB, 0..1: what the weights were trained with
STD = np.array([0.229, 0.224, 0.225])
KERAS_MEAN = np.array([123.68, 116.779, 103.939])  # RGB, 0..255: what Keras subtracts


def resnet50_arrays(models: Path, *, refit: bool) -> dict[str, np.ndarray]:
    """Return arrays named ``layer/variable``; with ``refit`` the three fitted kernels too."""
    source = np.load(models / "resnet50_imagenet_pq.npz", allow_pickle=False)
    arrays = _first(source)
    for stage, blocks in enumerate(BLOCKS, 1):
        for block in range(blocks):
            there, here = f"layer{stage}.{block}", f"conv{stage + 1}_block{block + 1}"
            for number in (1, 2, 3):
                kernel = _kernel(source, f"{there}.conv{number}", 3 if number == 2 else 1)
                _put(arrays, f"{here}_{number}", kernel, source, f"{there}.bn{number}")
            if block == 0:
                kernel = _kernel(source, f"{there}.downsample.0", 1)
                _put(arrays, f"{here}_0", kernel, source, f"{there}.downsample.1")
    arrays["predictions/kernel"] = _kernel(source, "fc", 0).T
    arrays["predictions/bias"] = source["fc.bias"]
    if refit:
        fitted = np.load(models / "resnet50_v1graph_refit.npz", allow_pickle=False)
        for key in fitted.files:
            layer, _, variable = key.rpartition(".")
            assert f"{layer}/{variable}" in arrays, key
            arrays[f"{layer}/{variable}"] = fitted[key]
    return {name: np.asarray(array, np.float32) for name, array in arrays.items()}


def write_resnet50(models: Path, path: Path, *, refit: bool = False) -> str:
    """Write the arrays as .npz and return the file's sha256."""
    arrays: dict[str, Any] = resnet50_arrays(models, refit=refit)
    np.savez(path, allow_pickle=False, **arrays)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _first(source: Any) -> dict[str, np.ndarray]:
    """Return the first layer, its input changed from 'torch' to what Keras feeds."""
    kernel = source["conv1.weight"].astype(np.float64)  # OIHW, RGB
    scaled = (kernel / (255 * STD)[None, :, None, None])[:, ::-1]  # Keras feeds BGR
    arrays: dict[str, np.ndarray] = {}
    _put(arrays, "conv1", scaled, source, "bn1")
    arrays["conv1_conv/bias"] = kernel.sum((2, 3)) @ ((KERAS_MEAN / 255 - MEAN) / STD)
    return arrays


def _put(
    arrays: dict[str, np.ndarray], name: str, kernel: np.ndarray, source: Any, norm: str
) -> None:
    arrays[f"{name}_conv/kernel"] = kernel.transpose(2, 3, 1, 0)
    arrays[f"{name}_conv/bias"] = np.zeros(len(kernel))
    arrays[f"{name}_bn/gamma"] = source[f"{norm}.weight"]
    arrays[f"{name}_bn/beta"] = source[f"{norm}.bias"]
    # Their running statistics are folded into gamma and beta.
    arrays[f"{name}_bn/moving_mean"] = np.zeros(len(kernel))
    arrays[f"{name}_bn/moving_variance"] = np.ones(len(kernel))


def _kernel(source: Any, name: str, size: int) -> np.ndarray:
    """Return a layer's weights from its codebook: OIHW, or (out, in) for size 0."""
    codes = source[f"{name}.codes_matrix"]
    number = codes.astype(np.int64) & (0xFFFF if codes.dtype == np.int16 else ~0)
    words = source[f"{name}.codebook"].astype(np.float32)
    flat = words[number.reshape(-1)].reshape(len(codes), -1)
    return flat.reshape(len(codes), -1, size, size) if size else flat
