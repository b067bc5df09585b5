"""The least that a device does to speak through a WireGuard tunnel: one handshake, then IPv4 with UDP and TCP in it.

After "WireGuard: Next Generation Kernel Network Tunnel" (Donenfeld) and RFC 9293. No packet is ever sent again: the
other end is on the same machine.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import socket
import ssl
import struct
import time
from base64 import b64decode
from itertools import count

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CLIENT_ADDRESS = "10.0.0.1"
_TIMEOUT = 20
_SEGMENT = 1200
_UDP, _TCP = 17, 6
_FIN, _SYN, _RST, _ACK = 1, 2, 4, 16


def _hash(*parts: bytes) -> bytes:
    return hashlib.blake2s(b"".join(parts)).digest()


def _keys(chain: bytes, material: bytes, number: int) -> list[bytes]:
    first = hmac.new(chain, material, hashlib.blake2s).digest()
    made, last = [], b""
    for index in range(1, number + 1):
        last = hmac.new(first, last + bytes([index]), hashlib.blake2s).digest()
        made.append(last)
    return made


def _raw(key: X25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _sum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return total ^ 0xFFFF


class WireGuardClient:
    """A tunnel to a capture. Packets go in and come out whole."""

    def __init__(self, port: int, *, client_key: str, server_key: str) -> None:
        self._own = X25519PrivateKey.from_private_bytes(b64decode(client_key))
        self._server = X25519PrivateKey.from_private_bytes(b64decode(server_key)).public_key()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(_TIMEOUT)
        self._socket.connect(("127.0.0.1", port))
        self._counter = count()
        self._peer, self._sending, self._receiving = self._handshake()

    def close(self) -> None:
        self._socket.close()

    def _handshake(self) -> tuple[bytes, ChaCha20Poly1305, ChaCha20Poly1305]:
        fresh, server = X25519PrivateKey.generate(), _raw(self._server)
        chain = _hash(b"Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s")
        state = _hash(_hash(chain, b"WireGuard v1 zx2c4 Jason@zx2c4.com"), server)
        public = _raw(fresh.public_key())
        (chain,), state = _keys(chain, public, 1), _hash(state, public)
        chain, key = _keys(chain, fresh.exchange(self._server), 2)
        static = ChaCha20Poly1305(key).encrypt(bytes(12), _raw(self._own.public_key()), state)
        state = _hash(state, static)
        chain, key = _keys(chain, self._own.exchange(self._server), 2)
        stamp = struct.pack(">QI", (1 << 62) + 10 + int(time.time()), time.time_ns() % 1_000_000_000)
        sealed = ChaCha20Poly1305(key).encrypt(bytes(12), stamp, state)
        state = _hash(state, sealed)
        message = b"\x01\0\0\0" + b"test" + public + static + sealed
        proof = hashlib.blake2s(message, digest_size=16, key=_hash(b"mac1----", server)).digest()
        self._socket.send(message + proof + bytes(16))
        answer = self._socket.recv(2048)
        assert (answer[0], len(answer), answer[8:12]) == (2, 92, b"test")
        theirs = X25519PublicKey.from_public_bytes(answer[12:44])
        for material in (answer[12:44], fresh.exchange(theirs), self._own.exchange(theirs)):
            (chain,) = _keys(chain, material, 1)
        state = _hash(state, answer[12:44])
        chain, mixed, key = _keys(chain, bytes(32), 3)
        ChaCha20Poly1305(key).decrypt(bytes(12), answer[44:60], _hash(state, mixed))
        sending, receiving = _keys(chain, b"", 2)
        return answer[4:8], ChaCha20Poly1305(sending), ChaCha20Poly1305(receiving)

    def send(self, packet: bytes) -> None:
        number = struct.pack("<Q", next(self._counter))
        sealed = self._sending.encrypt(bytes(4) + number, packet + bytes(-len(packet) % 16), b"")
        self._socket.send(b"\x04\0\0\0" + self._peer + number + sealed)

    def receive(self) -> bytes:
        """The next packet; what only keeps the tunnel alive is passed over."""
        while True:
            message = self._socket.recv(65536)
            if message[0] == 4:
                packet = self._receiving.decrypt(bytes(4) + message[8:16], message[16:], b"")
                if packet:
                    return packet[: struct.unpack(">H", packet[2:4])[0]]

    def tell(self, address: str, port: int, content: bytes) -> None:
        """Send one datagram."""
        head = struct.pack(">HHHH", 40_000, port, 8 + len(content), 0)
        self.send(_packet(_UDP, address, head + content))

    def ask(self, address: str, port: int, content: bytes) -> bytes:
        """Send one datagram and wait for the one that answers it."""
        self.tell(address, port, content)
        while True:
            packet = self.receive()
            if packet[9] == _UDP:
                return packet[28:]


def _packet(protocol: int, address: str, content: bytes) -> bytes:
    source, target = socket.inet_aton(CLIENT_ADDRESS), socket.inet_aton(address)
    if protocol == _TCP:
        check = _sum(source + target + struct.pack(">BBH", 0, _TCP, len(content)) + content)
        content = content[:16] + struct.pack(">H", check) + content[18:]
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(content), 1, 0x4000, 64, protocol, 0) + source + target
    return head[:10] + struct.pack(">H", _sum(head)) + head[12:] + content


class TunnelledStream:
    """One TCP connection through the tunnel."""

    def __init__(self, tunnel: WireGuardClient, address: str, port: int) -> None:
        self._tunnel, self._address, self._port = tunnel, address, port
        self._local = 20_000 + int.from_bytes(os.urandom(2), "big") % 20_000
        self._next, self._expected = 1_000, 0
        self._arrived = b""
        self.ended = False
        self._segment(_SYN)
        self._next += 1
        self._take()

    def _segment(self, flags: int, content: bytes = b"") -> None:
        numbers = struct.pack(">HHII", self._local, self._port, self._next, self._expected)
        head = numbers + struct.pack(">BBHHH", 5 << 4, flags, 65535, 0, 0)
        self._tunnel.send(_packet(_TCP, self._address, head + content))

    def _take(self) -> None:
        """Take one segment and acknowledge what came in order."""
        packet = self._tunnel.receive()
        segment = packet[(packet[0] & 15) * 4 :]
        if packet[9] != _TCP or struct.unpack(">H", segment[2:4])[0] != self._local:
            return
        number, flags = struct.unpack(">I", segment[4:8])[0], segment[13]
        content = segment[(segment[12] >> 4) * 4 :]
        if flags & _RST:
            raise ConnectionResetError("the connection was reset within the tunnel")
        if flags & _SYN:
            self._expected = number + 1
        elif number == self._expected and (content or flags & _FIN):
            self._arrived += content
            self.ended = bool(flags & _FIN)
            self._expected += len(content) + self.ended
        else:
            return
        self._segment(_ACK)

    def sendall(self, content: bytes) -> None:
        for start in range(0, len(content), _SEGMENT):
            piece = content[start : start + _SEGMENT]
            self._segment(_ACK, piece)
            self._next += len(piece)

    def recv(self) -> bytes:
        """What has arrived; nothing at the end."""
        while not self._arrived and not self.ended:
            self._take()
        arrived, self._arrived = self._arrived, b""
        return arrived

    def close(self) -> None:
        self._segment(_FIN | _ACK)
        self._next += 1


class TunnelledTls:
    """TLS over a stream."""

    def __init__(self, stream: TunnelledStream, context: ssl.SSLContext, name: str) -> None:
        self._stream = stream
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._exchange()
            except ssl.SSLError:
                self._stream.sendall(self._outgoing.read())
                raise
            else:
                break
        self._stream.sendall(self._outgoing.read())

    def _exchange(self) -> None:
        self._stream.sendall(self._outgoing.read())
        arrived = self._stream.recv()
        if not arrived:
            raise ConnectionError("the connection ended")
        self._incoming.write(arrived)

    def sendall(self, content: bytes) -> None:
        self._tls.write(content)
        self._stream.sendall(self._outgoing.read())

    def recv(self) -> bytes:
        while True:
            try:
                return self._tls.read(65536)
            except ssl.SSLWantReadError:
                self._exchange()
