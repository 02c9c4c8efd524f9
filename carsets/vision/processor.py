"""What the processor can do, as Linux reports it."""

from __future__ import annotations

from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def has_bfloat16(cpuinfo: str) -> bool:
    """Tell whether a /proc/cpuinfo text shows fast bfloat16: AMX tiles or AVX512_BF16.

    AVX-512 alone is not enough: there bfloat16 is emulated and slower than float32.
    """
    for line in cpuinfo.splitlines():
        name, _, flags = line.partition(":")
        if name.strip() == "flags":
            found = set(flags.split())
            return {"amx_bf16", "amx_tile"} <= found or "avx512_bf16" in found
    return False


def this_processor() -> str:
    """Return this machine's /proc/cpuinfo, or "" where there is none."""
    try:
        return CPUINFO.read_text()
    except OSError:
        return ""
