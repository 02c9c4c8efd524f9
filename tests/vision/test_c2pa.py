"""C2PA's training and data mining, in files of our own make and of c2pa-python's."""

import json
import random
import struct
from datetime import UTC, datetime, timedelta
from io import BytesIO

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from carsets.fakeweb.opt_outs import with_c2pa
from carsets.reservations import read_reservation
from carsets.vision.inspection import Limits, inspect
from carsets.vision.jumbf import UNREADABLE, training_mining

NOT = {"use": "notAllowed"}


def box(kind, content):
    return struct.pack(">I", 8 + len(content)) + kind + content


def superbox(label, *content):
    return box(
        b"jumb", box(b"jumd", b"\0" * 16 + b"\3" + label.encode() + b"\0") + b"".join(content)
    )


def store(label="c2pa.training-mining", content=None):
    content = content or box(b"cbor", cbor2.dumps({"entries": {"c2pa.ai_training": NOT}}))
    assertion = superbox(label, content)
    return superbox("c2pa", superbox("urn:a", superbox("c2pa.assertions", assertion)))


def read(*parts):
    return dict(training_mining(b"".join(parts)))


def embedded(body):
    return {k: v for k, v in inspect(body, Limits()).embedded.items() if "training" in k}


def test_reads_an_assertion():
    assert read(store()) == {"c2pa.training-mining": "c2pa.ai_training=notAllowed"}


@pytest.mark.parametrize(
    "label", ["cawg.training-mining", "cawg.training-mining__2", "cawg.training-mining.v2"]
)
def test_reads_the_newer_name_and_json(label):
    facts = {"entries": {"cawg.ai_training": {"use": "constrained", "constraint_info": "ask"}}}
    found = read(store(label, box(b"json", json.dumps(facts).encode())))
    assert found == {"cawg.training-mining": "cawg.ai_training=constrained"}


def test_the_strictest_of_two_manifests_counts():
    allowed = box(b"cbor", cbor2.dumps({"entries": {"c2pa.ai_training": {"use": "allowed"}}}))
    body = superbox("c2pa", store(content=allowed), store())
    found = [uses for _, uses in training_mining(body)]
    assert sorted(found) == ["c2pa.ai_training=allowed", "c2pa.ai_training=notAllowed"]


def test_a_store_that_says_nothing_of_training_is_silent():
    assert read(store("c2pa.actions")) == {}
    assert read(b"") == {}


@pytest.mark.parametrize(
    "content",
    [
        box(b"cbor", b""),
        box(b"cbor", b"\x81" * 60_000),  # nested beyond all use
        box(b"cbor", b"\x9b" + b"\xff" * 8),  # an array of 2^64 members
        box(b"cbor", b"\xc5\x82\x1b" + b"\x7f" + b"\xff" * 7 + b"\x01"),  # a number of 2^63 bits
        box(b"cbor", cbor2.dumps([1, 2])),
        box(b"cbor", cbor2.dumps({"entries": []})),
        box(b"cbor", cbor2.dumps({"entries": {}})),
        box(b"cbor", cbor2.dumps({"entries": {f"use{n}": NOT for n in range(60)}})),
        box(b"cbor", cbor2.dumps({"entries": {"a": {"use": "allowed"}}, "x": "x" * 70_000})),
        box(b"json", b"[" * 60_000),
        box(b"bidb", b"something else"),
        b"\0\0\0\xffcbor",  # longer than what holds it
    ],
)
def test_an_assertion_that_cannot_be_read_says_so(content):
    found = read(store(content=content))
    assert found == {"c2pa.training-mining": UNREADABLE}
    assert read_reservation({}, found).reserved


def test_a_use_that_nobody_knows_is_not_free():
    facts = {"entries": {"c2pa.ai_training": {"use": "perhaps, allowed"}, 7: {"use": "allowed"}}}
    found = read(store(content=box(b"cbor", cbor2.dumps(facts))))
    assert found == {"c2pa.training-mining": "c2pa.ai_training=?, ?=allowed"}
    assert read_reservation({}, found).reserved


def test_a_cut_store_and_a_compressed_one_are_not_free():
    whole = store()
    assert read(whole[:-10]) == {"c2pa.training-mining": UNREADABLE}
    assert read(superbox("c2pa", box(b"brob", b"packed"))) == {"c2pa.training-mining": UNREADABLE}


@given(st.binary(max_size=400), st.integers(0, 400))
def test_nothing_makes_the_reader_raise(junk, place):
    body = store()
    list(training_mining(body[:place] + junk + body[place:]))
    list(training_mining(junk))


@pytest.mark.parametrize("seed", range(200))
def test_a_damaged_store_never_becomes_free(seed):
    chance, body = random.Random(seed), bytearray(store())
    for _ in range(3):
        body[chance.randrange(len(body))] = chance.randrange(256)
    if b"training-mining" in body and (b"c2pa.t" in body or b"cawg.t" in body):
        found = dict(training_mining(bytes(body)))
        assert "allowed" not in found.values()
        assert not found or read_reservation({}, found).reserved


# --- In image files -----------------------------------------------------------------------------


def png_with(body, kind, data):
    import zlib

    chunk = struct.pack(">I", len(data)) + kind + data
    return body[:33] + chunk + struct.pack(">I", zlib.crc32(kind + data)) + body[33:]


def test_reads_it_from_a_jpeg(draw):
    body = with_c2pa(draw.jpeg(), {"c2pa.data_mining": "notAllowed"})
    assert embedded(body) == {"c2pa.training-mining": "c2pa.data_mining=notAllowed"}


def test_reads_it_from_a_jpeg_in_several_parts_of_any_order(draw):
    whole = superbox("c2pa", box(b"free", b"x" * 90_000), store())
    head, content, parts = whole[:8], whole[8:], []
    for number, start in enumerate(range(0, len(content), 40_000), 1):
        data = b"JP\0\1" + struct.pack(">I", number) + head + content[start : start + 40_000]
        parts.append(b"\xff\xeb" + struct.pack(">H", len(data) + 2) + data)
    assert len(parts) == 3
    body = draw.jpeg()
    body = body[:2] + b"".join(reversed(parts)) + body[2:]
    assert embedded(body) == {"c2pa.training-mining": "c2pa.ai_training=notAllowed"}


def test_reads_it_from_png_and_webp(draw):
    png = png_with(draw.file(draw.scene(), "PNG"), b"caBX", store())
    assert embedded(png) == {"c2pa.training-mining": "c2pa.ai_training=notAllowed"}
    webp = draw.file(draw.scene(), "WEBP")
    data = store() + b"\0" * (len(store()) % 2)
    webp += b"C2PA" + struct.pack("<I", len(store())) + data
    webp = b"RIFF" + struct.pack("<I", len(webp) - 8) + webp[8:]
    assert embedded(webp) == {"c2pa.training-mining": "c2pa.ai_training=notAllowed"}


# --- Files that others write --------------------------------------------------------------------


@pytest.fixture(scope="module")
def signer():
    """Return what signs as c2pa-python wants it: a chain of two certificates, made here."""
    c2pa = pytest.importorskip("c2pa")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    now = datetime.now(UTC)

    def certificate(name, key, issuer, signed_by, authority):
        usage = {"digital_signature": not authority, "key_cert_sign": authority}
        others = "content_commitment key_encipherment data_encipherment key_agreement crl_sign"
        others = dict.fromkeys([*others.split(), "encipher_only", "decipher_only"], False)
        subject, by = (
            x509.Name(
                [
                    x509.NameAttribute(x509.NameOID.COMMON_NAME, one),
                    x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Test"),
                ]
            )
            for one in (name, issuer)
        )
        built = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(by)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=30))
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
            .add_extension(x509.KeyUsage(**usage, **others), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signed_by.public_key()), False
            )
        )
        if not authority:
            purpose = [x509.ExtendedKeyUsageOID.EMAIL_PROTECTION]
            built = built.add_extension(x509.ExtendedKeyUsage(purpose), critical=False)
        return built.sign(signed_by, hashes.SHA256())

    root, leaf = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    chain = (
        certificate("leaf", leaf, "root", root, False),
        certificate("root", root, "root", root, True),
    )
    pem = serialization.Encoding.PEM
    info = c2pa.C2paSignerInfo(
        alg=c2pa.C2paSigningAlg.ES256,
        sign_cert=b"".join(one.public_bytes(pem) for one in chain),
        private_key=leaf.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        ta_url=None,  # nobody is asked for the time
    )
    return c2pa.Signer.from_info(info)


CREATED = {
    "action": "c2pa.created",
    "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
}


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("label", "uses", "reserved"),
    [
        ("cawg.training-mining", {"cawg.ai_training": "notAllowed", "a.b": "allowed"}, True),
        ("c2pa.training-mining", {"c2pa.data_mining": "constrained"}, True),
        ("cawg.training-mining", {"cawg.ai_training": "allowed"}, False),
    ],
)  # fmt: skip
def test_reads_what_c2pa_python_writes(draw, signer, format, label, uses, reserved):
    import c2pa

    manifest = {
        "claim_generator_info": [{"name": "test", "version": "1"}],
        "title": "a car",
        "assertions": [
            {"label": "c2pa.actions", "data": {"actions": [CREATED]}},
            {
                "label": label,
                "data": {"entries": {use: {"use": said} for use, said in uses.items()}},
            },
        ],
    }
    source, target = BytesIO(draw.file(draw.scene(), format)), BytesIO()
    with c2pa.Builder(json.dumps(manifest)) as builder:
        builder.sign(signer, Image.MIME[format], source, target)
    found = embedded(target.getvalue())
    assert set(found) == {label}
    assert set(found[label].split(", ")) == {f"{use}={said}" for use, said in uses.items()}
    assert read_reservation({}, found).reserved is reserved
