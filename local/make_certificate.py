"""Makes the embedded AWS's certificate authority and its server certificate.

usage: make_certificate.py DIRECTORY

Writes ca.pem (what clients trust), server.pem (the server's certificate) and server-key.pem
(0600) into DIRECTORY. The authority's own key is thrown away: nothing else can ever be signed
with it, so trusting ca.pem trusts this one server and no other.
"""

import datetime
import ipaddress
import os
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Longer than any instance lives, shorter than the 825 days that some TLS clients allow at most.
VALIDITY = datetime.timedelta(days=800)
# A clock that steps back a little must not make the certificate "not yet valid".
MARGIN = datetime.timedelta(hours=1)


def name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def key_usage(**granted: bool) -> x509.KeyUsage:
    usages = {
        "digital_signature": False,
        "content_commitment": False,
        "key_encipherment": False,
        "data_encipherment": False,
        "key_agreement": False,
        "key_cert_sign": False,
        "crl_sign": False,
        "encipher_only": False,
        "decipher_only": False,
    }
    return x509.KeyUsage(**{**usages, **granted})


def builder(subject: x509.Name, issuer: x509.Name, public_key) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - MARGIN)
        .not_valid_after(now + VALIDITY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def make_authority(key):
    subject = name("Lethe embedded AWS authority")
    return (
        builder(subject, subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def make_server(key, authority, authority_key):
    names = [
        x509.DNSName("localhost"),
        x509.DNSName("*.localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return (
        builder(name("localhost"), authority.subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(issuer_id, critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def write(path: str, data: bytes, mode: int) -> None:
    """Writes whole or not at all, so that an interrupted run is not taken for a finished one."""
    staging = path + ".new"
    with os.fdopen(os.open(staging, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as out:
        out.write(data)
    os.replace(staging, path)


def main() -> None:
    directory = sys.argv[1]
    os.makedirs(directory, mode=0o700, exist_ok=True)
    authority_key = ec.generate_private_key(ec.SECP256R1())
    server_key = ec.generate_private_key(ec.SECP256R1())
    authority = make_authority(authority_key)
    server = make_server(server_key, authority, authority_key)
    pem = serialization.Encoding.PEM
    key_bytes = server_key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write(os.path.join(directory, "server-key.pem"), key_bytes, 0o600)
    write(os.path.join(directory, "server.pem"), server.public_bytes(pem), 0o644)
    # Last: its presence says that the other two are complete.
    write(os.path.join(directory, "ca.pem"), authority.public_bytes(pem), 0o644)


if __name__ == "__main__":
    main()
