"""Key pairs, Z85 (RFC 32), certificates, stores and curve-keygen."""

from __future__ import annotations

import json
import os
import pickle
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import zmqthread as zmq
from tests.support import ROOT
from zmqthread.__main__ import main
from zmqthread.security import (
    Certificate,
    CertificateStore,
    create_certificates,
    load_certificate,
    load_certificates,
    z85,
)

pytest.importorskip("nacl.bindings", reason="the extra curve is not installed")

CZMQ_FILE = """\
#   ****  Generated on 2020-01-01 00:00:00 by CZMQ  ****
#   ZeroMQ CURVE Public Certificate

metadata
    name = "joe"
    email = joe@example.org
curve
    public-key = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
    secret-key = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"
"""


def test_rfc32_b02_the_example() -> None:
    octets = bytes.fromhex("864FD26FB559F75B")
    assert z85.encode(octets) == b"HelloWorld"
    assert z85.decode(b"HelloWorld") == z85.decode("HelloWorld") == octets


def test_rfc32_b01_lengths() -> None:
    for size in (1, 2, 3, 5, 7):
        with pytest.raises(ValueError, match="multiple of 4"):
            z85.encode(bytes(size))
    for size in (1, 4, 6, 9):
        with pytest.raises(ValueError, match="multiple of 5"):
            z85.decode(b"0" * size)
    assert z85.encode(b"") == z85.decode(b"") == b""


@pytest.mark.parametrize("text", [b"%nSc1", b"#####", b"00 00", b"0000\n", "0000é", b"00,00"])
def test_rfc32_b03_what_is_no_z85(text: bytes | str) -> None:
    with pytest.raises(ValueError, match="Z85") as caught:
        z85.decode(text)
    assert str(text) not in str(caught.value)


def test_rfc32_b03_the_largest_and_every_character() -> None:
    assert z85.decode(b"%nSc0") == b"\xff" * 4
    octets = bytes(range(256))
    assert z85.decode(z85.encode(octets)) == octets


def test_the_same_z85_as_pyzmq() -> None:
    theirs = pytest.importorskip("zmq.utils.z85", reason="needs pyzmq, which the extra test brings")
    for seed in range(50):
        octets = os.urandom(4 * seed)
        assert z85.encode(octets) == theirs.encode(octets)


def test_key_pairs() -> None:
    public, secret = zmq.curve_keypair()
    assert len(public) == len(secret) == 40
    assert zmq.curve_public(secret) == zmq.curve_public(secret.decode()) == public
    assert zmq.curve_keypair() != (public, secret)
    for bad in (b"", secret[:39], secret + b"\0", b"\0" * 40):
        with pytest.raises(ValueError, match="Z85"):
            zmq.curve_public(bad)


def test_known_answer_of_a_key_pair() -> None:
    """The pair of libzmq's own documentation and tests."""
    assert (
        zmq.curve_public(b"JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6")
        == b"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
    )


def test_difference_curve_is_an_extra() -> None:
    """Without PyNaCl there is no CURVE, and everything else works."""
    code = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"nacl", "gssapi"}:
            raise ModuleNotFoundError(name)
sys.modules["nacl"] = sys.modules["gssapi"] = None
import zmqthread as zmq
assert not zmq.has("curve") and not zmq.has("gssapi")
def errno(call, *args):
    try:
        call(*args)
    except zmq.ZMQError as error:
        return error.errno
with zmq.Context() as context, context.socket(zmq.PULL) as sock:
    assert errno(sock.set, zmq.CURVE_SERVER, 1) == zmq.ENOTSUP
    assert errno(sock.set, zmq.CURVE_SECRETKEY, bytes(32)) == zmq.ENOTSUP
    assert errno(sock.set, zmq.GSSAPI_SERVER, 1) == zmq.ENOTSUP
    sock.plain_server = 1
    sock.bind("tcp://127.0.0.1:*")
assert errno(zmq.curve_keypair) == zmq.ENOTSUP
assert errno(zmq.curve_public, b"0" * 40) == zmq.ENOTSUP
import zmqthread.auth.thread, zmqthread.security
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


# -- certificates ------------------------------------------------------------------------------


def mode(path: str | Path) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def test_a_pair_of_files(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        public, secret = create_certificates(tmp_path, "joe", {"name": "Joe"})
    finally:
        os.umask(before)
    assert (public, secret) == (f"{tmp_path}/joe.key", f"{tmp_path}/joe.key_secret")
    assert mode(secret) == 0o600
    key, hidden = load_certificate(secret)
    assert hidden is not None
    assert zmq.curve_public(hidden) == key
    assert load_certificate(public) == (key, None)
    assert hidden.decode() not in Path(public).read_text()
    assert Certificate.load(public).metadata == {"name": "Joe"}
    assert load_certificates(tmp_path) == {key: True}
    assert sorted(os.listdir(tmp_path)) == ["joe.key", "joe.key_secret"]


def test_a_secret_that_was_open_to_all_is_replaced_by_one_that_is_not(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text("untouched")
    (tmp_path / "joe.key_secret").symlink_to(target)
    _, secret = create_certificates(tmp_path, "joe")
    assert mode(secret) == 0o600
    assert not Path(secret).is_symlink()
    assert target.read_text() == "untouched"


def test_files_of_czmq(tmp_path: Path) -> None:
    path = tmp_path / "cert.txt_secret"
    path.write_text(CZMQ_FILE)
    found = Certificate.load(path)
    assert found.metadata == {"name": "joe", "email": "joe@example.org"}
    assert found.secret_key == b"JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"


@pytest.mark.parametrize(
    "text", ["", "curve\n", 'public-key = "short"', 'public-key = "' + "~" * 40 + '"', "\0" * 70000]
)
def test_what_is_no_certificate(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.key"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"x\.key") as caught:
        load_certificate(path)
    assert "~~~" not in str(caught.value)


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="certificate file"):
        load_certificate(tmp_path / "x")
    with pytest.raises(OSError, match="certificate directory"):
        load_certificates(tmp_path / "x")


def test_secrets_are_in_no_repr_and_in_no_pickle() -> None:
    certificate = Certificate.new()
    assert certificate.secret_key is not None
    assert certificate.secret_key.decode() not in repr(certificate)
    with pytest.raises(TypeError):
        pickle.dumps(certificate)


def test_metadata_stays_in_its_line(tmp_path: Path) -> None:
    for value in ('a"b', "a\nb"):
        with pytest.raises(ValueError, match="line breaks"):
            Certificate.new({"name": value}).save(tmp_path / "x.key")
    assert os.listdir(tmp_path) == []


def test_a_store_follows_its_directory(tmp_path: Path) -> None:
    store = CertificateStore(tmp_path / "clients")
    assert len(store) == 0
    (tmp_path / "clients").mkdir()
    public, _ = create_certificates(tmp_path / "clients", "joe", {"name": "Joe"})
    key, secret = load_certificate(f"{public}_secret")
    found = store.get(key)
    assert found is not None
    assert found.metadata == {"name": "Joe"}
    other = Certificate.new()
    Path(public).write_text(f'public-key = "{other.public_key.decode()}"\n')
    assert store.get(key) is None
    assert store.get(other.public_key) is not None
    os.rename(public, f"{public}.revoked")
    assert store.get(other.public_key) is None
    assert secret is not None


def test_a_store_takes_no_secrets_and_no_rubbish(tmp_path: Path) -> None:
    (tmp_path / "rubbish.key").write_text("rubbish")
    (tmp_path / "dir.key").mkdir()
    create_certificates(tmp_path, "joe")
    (tmp_path / "joe.key").unlink()
    assert len(CertificateStore(tmp_path, "*")) == 0
    (tmp_path / "both.key").write_text(CZMQ_FILE)
    store = CertificateStore(tmp_path)
    found = store.get(b"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7")
    assert found is not None
    assert found.secret_key is None


# -- the command -------------------------------------------------------------------------------


def test_keygen_writes_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = str(tmp_path / "server")
    assert main(["curve-keygen", name, "--metadata", "name=it"]) == 0
    assert capsys.readouterr().out.split() == [f"{name}.key", f"{name}.key_secret"]
    assert mode(f"{name}.key_secret") == 0o600
    before = load_certificate(f"{name}.key_secret")
    assert main(["curve-keygen", name]) == 1
    assert "there already" in capsys.readouterr().err
    assert load_certificate(f"{name}.key_secret") == before
    assert main(["curve-keygen", name, "--force"]) == 0
    assert load_certificate(f"{name}.key_secret") != before


def test_keygen_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["curve-keygen", "--json"]) == 0
    keys = json.loads(capsys.readouterr().out)
    assert zmq.curve_public(keys["secret"]).decode() == keys["public"]
    assert main(["curve-keygen"]) == 0
    assert capsys.readouterr().out.startswith("== CURVE PUBLIC KEY ==\n")


def test_keygen_takes_a_secret_from_its_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    public, secret = zmq.curve_keypair()
    monkeypatch.setattr("sys.stdin", io.StringIO(secret.decode() + "\n"))
    assert main(["curve-keygen", "--secret", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["public"] == public.decode()
    monkeypatch.setattr("sys.stdin", io.StringIO("nonsense\n"))
    assert main(["curve-keygen", "--secret"]) == 1
    assert "nonsense" not in capsys.readouterr().err
