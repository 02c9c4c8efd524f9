"""bfloat16 is chosen by what the processor reports, on recorded lines."""

import pytest

from carsets.vision.processor import has_bfloat16

COMMON = "fpu vme sse sse2 ssse3 fma sse4_1 sse4_2 avx f16c avx2"


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (f"{COMMON} avx512f avx512_bf16 avx512_vnni amx_bf16 avx512_fp16 amx_tile amx_int8", True),
        (f"{COMMON} avx512f avx512dq avx512bw avx512vl avx512_bf16", True),  # Zen 4, Cooper Lake
        (f"{COMMON} avx512f avx512dq avx512bw avx512vl avx512_vnni", False),  # Cascade Lake
        (f"{COMMON} sha_ni vaes vpclmulqdq", False),  # Zen 3
        (f"{COMMON} amx_bf16", False),  # tiles that the system does not allow
        (f"{COMMON} not_avx512_bf16", False),
    ],
)
def test_fast_bfloat16_needs_amx_or_avx512_bf16(flags, expected):
    text = f"processor\t: 0\nmodel name\t: some avx512_bf16 name\nflags\t\t: {flags}\nbugs\t\t: x\n"
    assert has_bfloat16(text) is expected


@pytest.mark.parametrize("text", ["", "processor\t: 0\nFeatures\t: fp asimd bf16\n"])
def test_a_machine_that_reports_nothing_of_the_kind_uses_float32(text):
    assert has_bfloat16(text) is False
