#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A client by somebody who knows docs/protocol.md and nothing else: it shares no code with ours.

Usage: stranger_client.py URL OUT.h264 [FRAMES [BREAK]]
           writes the stream, prints what it saw as JSON; breaks its control connection after BREAK
           frames and comes back
       stranger_client.py --examples protocol.md    decrypts the examples of that page

Exit status: 0, 1 with a reason on stderr, 77 when a Python module is missing.
"""
import base64
import hashlib
import json
import re
import select
import socket
import ssl
import struct
import sys
import time
import urllib.parse

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError:
    print("skipped: python3-cryptography is missing")
    sys.exit(77)

HELLO, WELCOME, ERROR, BYE, PING, PONG, INPUT = range(1, 8)
CURSOR, POINTER, VIDEO, REPORT = range(9, 13)
DEADLINE_S = 40


class ProtocolError(Exception):
    pass


def need(condition, what):
    if not condition:
        raise ProtocolError(what)


# ---- SRTP ----


def derive(key, salt, label, size):
    """RFC 3711, 4.3: AES-CM over (salt * 2^16) XOR (label << 48 of the key id), index 0."""
    start = int.from_bytes(salt + b"\0\0", "big") ^ (label << 48)
    counter = (start << 16).to_bytes(16, "big")
    stream = Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor()
    return stream.update(bytes(size))


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


class Srtp:
    """One direction of one SSRC."""

    def __init__(self, master, ssrc):
        key, salt = master[:16], master[16:]
        self.ssrc = ssrc
        self.rtp = AESGCM(derive(key, salt, 0, 16))
        self.rtp_salt = derive(key, salt, 2, 12)
        self.rtcp = AESGCM(derive(key, salt, 3, 16))
        self.rtcp_salt = derive(key, salt, 5, 12)
        self.highest = None  # rollover counter << 16 | sequence number
        self.index = 0

    def packet_index(self, seq):
        if self.highest is None:
            return seq
        best = (self.highest & ~0xFFFF) | seq
        candidates = [c for c in (best - 0x10000, best, best + 0x10000) if c >= 0]
        return min(candidates, key=lambda c: abs(c - self.highest))

    def open_rtp(self, packet):
        """(index, header, payload)"""
        seq, ssrc = struct.unpack_from(">H4xI", packet, 2)
        need(ssrc == self.ssrc, "an RTP packet of another SSRC")
        index = self.packet_index(seq)
        size = 12
        if packet[0] & 0x10:
            size += 4 + 4 * struct.unpack_from(">H", packet, 14)[0]
        nonce = xor(struct.pack(">HIIH", 0, ssrc, index >> 16, seq), self.rtp_salt)
        payload = self.rtp.decrypt(nonce, packet[size:], packet[:size])
        self.highest = max(index, self.highest or 0)
        return index, packet[:size], payload

    def rtcp_nonce(self, ssrc, index):
        return xor(struct.pack(">HIHI", 0, ssrc, 0, index), self.rtcp_salt)

    def seal_rtcp(self, packet):
        self.index += 1
        word = struct.pack(">I", 0x80000000 | self.index)
        sealed = self.rtcp.encrypt(
            self.rtcp_nonce(self.ssrc, self.index), packet[8:], packet[:8] + word
        )
        return packet[:8] + sealed + word

    def open_rtcp(self, packet):
        word = struct.unpack(">I", packet[-4:])[0]
        ssrc = struct.unpack_from(">I", packet, 4)[0]
        need(word & 0x80000000, "an RTCP packet that is not encrypted")
        nonce = self.rtcp_nonce(ssrc, word & 0x7FFFFFFF)
        return packet[:8] + self.rtcp.decrypt(nonce, packet[8:-4], packet[:8] + packet[-4:])


def extensions(header):
    """{id: content} of RFC 8285, one-byte form."""
    found = {}
    if not header[0] & 0x10:
        return found
    need(header[12:14] == b"\xbe\xde", "header extensions of another form")
    pos = 16
    while pos < len(header):
        if header[pos] == 0:
            pos += 1
            continue
        ident, size = header[pos] >> 4, (header[pos] & 15) + 1
        found[ident] = header[pos + 1 : pos + 1 + size]
        pos += 1 + size
    return found


# ---- control channel ----


class Control:
    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        query = urllib.parse.parse_qs(parts.query)
        need(parts.scheme == "gpushare", "not a gpushare URL")
        self.session = parts.path[1:]
        self.ticket = query["ticket"][0]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # the fingerprint is checked instead
        context.set_alpn_protocols(["gpushare/1"])
        tcp = socket.create_connection((parts.hostname, parts.port or 47800), DEADLINE_S)
        self.tls = context.wrap_socket(tcp)
        print_of_it = hashlib.sha256(self.tls.getpeercert(True)).hexdigest()
        need(print_of_it == query["fp"][0].lower(), "another certificate than the URL says")
        need(self.tls.version() == "TLSv1.3", "not TLS 1.3")
        need(self.tls.selected_alpn_protocol() == "gpushare/1", "not the protocol")
        self.address = self.tls.getpeername()[0]
        self.pending = b""

    def send(self, kind, payload):
        self.tls.sendall(struct.pack(">IB", len(payload), kind) + payload)

    def send_json(self, kind, value):
        self.send(kind, json.dumps(value).encode())

    def take(self):
        """A whole message of what was read; None: not yet."""
        if len(self.pending) < 5:
            return None
        size, kind = struct.unpack_from(">IB", self.pending)
        need(size <= 4194304, "a message that is too long")
        if len(self.pending) < 5 + size:
            return None
        payload, self.pending = self.pending[5 : 5 + size], self.pending[5 + size :]
        return kind, payload

    def read(self):
        """One read; False: the connection ended."""
        data = self.tls.recv(65536)
        self.pending += data
        return len(data) > 0

    def next(self):
        while True:
            message = self.take()
            if message:
                return message
            need(self.read(), "the host closed the connection")


# ---- H.264 ----


class Depacketizer:
    """RFC 6184, packetization-mode 1, to Annex B."""

    START = b"\0\0\0\1"

    def __init__(self):
        self.fragment = b""

    def take(self, payload):
        kind = payload[0] & 31
        if 1 <= kind <= 23:
            return self.START + payload
        if kind == 24:  # STAP-A
            out, pos = b"", 1
            while pos < len(payload):
                size = struct.unpack_from(">H", payload, pos)[0]
                out += self.START + payload[pos + 2 : pos + 2 + size]
                pos += 2 + size
            return out
        need(kind == 28, "a payload of type %d" % kind)
        if payload[1] & 0x80:
            self.fragment = self.START + bytes([payload[0] & 0xE0 | payload[1] & 31])
        self.fragment += payload[2:]
        return self.fragment if payload[1] & 0x40 else b""


# ---- the client ----


class Stranger:
    def __init__(self, url, frames_wanted, break_after=None):
        self.url = url
        self.frames_wanted = frames_wanted
        self.break_after = break_after
        self.resumed = None
        self.access_units = []
        self.input_id = 0
        self.input_seen = False
        self.pongs = self.reports = 0
        self.host_said_bye = False
        self.offset = None
        self.worst_age = 0.0
        self.connect(None)
        family = socket.AF_INET6 if ":" in self.control.address else socket.AF_INET
        self.udp = socket.socket(family, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.begin()

    def connect(self, ticket):
        self.control = Control(self.url)
        self.control.send_json(
            HELLO,
            {
                "v": 1,
                "session": self.control.session,
                "ticket": ticket or self.control.ticket,
                "client": "stranger 1",
                "display": {"width": 0, "height": 0},
                "decoder": "ffmpeg",
                "a key from the future": [1, 2, 3],
            },
        )
        kind, payload = self.control.next()
        need(kind == WELCOME, "instead of WELCOME came %d: %r" % (kind, payload))
        self.welcome = json.loads(payload)
        need(self.welcome["v"] == 1, "another version")
        self.control.send(PING, struct.pack(">Q", time.monotonic_ns()))

    def begin(self):
        """A stream, with the keys of the last WELCOME."""
        w = self.welcome
        self.ssrc, self.client_ssrc = w["video"]["ssrc"], w["udp"]["client_ssrc"]
        keys = {k: base64.b64decode(w["srtp"][k], validate=True) for k in w["srtp"]}
        need(all(len(k) == 28 for k in keys.values()), "keys of another size")
        self.host = Srtp(keys["host_key"], self.ssrc)
        self.own = Srtp(keys["client_key"], self.client_ssrc)
        self.to = (self.control.address, w["udp"]["port"])
        self.packets = {}  # by index, until their frame is whole
        self.next_index = None
        self.last_frame = None
        self.depacketizer = Depacketizer()
        self.highest = 0

    def come_back(self):
        """Breaks the control connection without a word, and makes it again. What comes by UDP
        meanwhile is read afterwards."""
        before = self.welcome
        self.break_after = None
        self.control.tls.close()
        self.connect(before.get("resume"))
        self.resumed = self.welcome.get("resumed", False)
        if self.resumed:
            same = all(self.welcome[k] == before[k] for k in ("srtp", "udp"))
            need(same and self.welcome["video"]["ssrc"] == self.ssrc, "resumed with other keys")
        else:
            self.begin()
        if self.welcome.get("resume"):
            self.control.send(REPORT, struct.pack(">8I", len(self.access_units), *[0] * 7))

    # -- RTCP --

    def report(self, more=b""):
        packet = struct.pack(">BBHI", 0x80, 201, 1, self.client_ssrc)
        if self.next_index is not None:
            block = struct.pack(">IIIIII", self.ssrc, 0, self.highest & 0xFFFFFFFF, 0, 0, 0)
            packet = struct.pack(">BBHI", 0x81, 201, 7, self.client_ssrc) + block
        self.udp.sendto(self.own.seal_rtcp(packet + more), self.to)

    def nack(self, seq):
        self.report(struct.pack(">BBHIIHH", 0x81, 205, 3, self.client_ssrc, self.ssrc, seq, 0))

    def take_rtcp(self, data):
        packet, pos = self.host.open_rtcp(data), 0
        while pos < len(packet):
            kind, words = struct.unpack_from(">BH", packet, pos + 1)
            if kind == 200:
                self.reports += 1
            self.host_said_bye |= kind == 203
            pos += 4 + 4 * words

    # -- RTP --

    def take_rtp(self, data):
        try:
            index, header, payload = self.host.open_rtp(data)
        except InvalidTag:
            raise ProtocolError("a packet that is not authentic") from None
        need(header[1] & 127 == 96, "another payload type")
        need(len(data) <= 1216, "a packet that is too long")
        self.highest = max(self.highest, index)
        if self.next_index is None:
            self.next_index = index
            need(index < 0x8000, "a first sequence number that is too high")
        if index >= self.next_index:
            self.packets[index] = (header, payload)
        self.assemble()
        if self.packets:  # something before them is missing
            self.nack(self.next_index & 0xFFFF)

    def whole_frame(self):
        """Indices of the next frame; None: packets are missing."""
        index = self.next_index
        while index in self.packets:
            if self.packets[index][0][1] & 0x80:
                return range(self.next_index, index + 1)
            index += 1
        return None

    def assemble(self):
        while True:
            frame = self.whole_frame()
            if not frame:
                # Only a hole is left behind: what is in sequence waits for its end.
                return
            unit = b""
            for index in frame:
                header, payload = self.packets.pop(index)
                unit += self.depacketizer.take(payload)
            self.next_index = frame[-1] + 1
            self.finish_frame(header, unit)

    def finish_frame(self, header, unit):
        found = extensions(header)
        need(len(found[1]) == 16 and len(found[2]) == 14, "extensions of other sizes")
        frame_id, capture_us, input_id = struct.unpack(">IQI", found[1])
        stages = struct.unpack(">7H", found[2])
        need(list(stages) == sorted(stages), "stages that are not in order")
        need(self.last_frame in (None, frame_id - 1), "a frame id that jumps")
        if self.last_frame is None:
            kinds = [n[0] & 31 for n in re.split(b"\0\0\0\1", unit) if n]
            need(kinds[:2] == [7, 8] and 5 in kinds, "a first frame that is no IDR: %r" % kinds)
        self.last_frame = frame_id
        self.access_units.append(unit)
        if self.input_id and input_id >= self.input_id:
            self.input_seen = True
        if self.offset is not None:
            age = time.monotonic_ns() + self.offset - capture_us * 1000
            self.worst_age = max(self.worst_age, age / 1e6)

    # -- input --

    def press(self):
        """Pointer to (100, 100), and a click of the left button; one message."""
        now = time.monotonic_ns() // 1000000 & 0xFFFFFFFF
        records = b""
        for kind, state, code, x, y in (
            (3, 0, 0, 100 << 8, 100 << 8),
            (2, 1, 272, 0, 0),
            (2, 0, 272, 0, 0),
        ):
            self.input_id += 1
            records += struct.pack(">IBBHiiI", self.input_id, kind, state, code, x, y, now)
        self.control.send(INPUT, records)

    # -- control --

    def take_message(self, kind, payload):
        if kind == PONG:
            t0, t1, t2 = struct.unpack(">QQQ", payload)
            t3 = time.monotonic_ns()
            need(t0 < t3 and t1 <= t2, "a PONG from another time")
            self.offset = ((t1 - t0) + (t2 - t3)) // 2
            self.pongs += 1
        elif kind == CURSOR:
            visible, width, height, _, _ = struct.unpack_from(">BHHHH", payload)
            need(len(payload) == 9 + 4 * width * height, "a cursor of another size")
            need(visible or not width, "a hidden cursor with an image")
        elif kind == POINTER:
            need(payload in (b"\0", b"\1"), "another pointer mode")
        elif kind in (ERROR, BYE):
            raise ProtocolError("the host says: %s" % json.loads(payload)["reason"])

    # -- life --

    def done(self):
        enough = len(self.access_units) >= self.frames_wanted and self.break_after is None
        return enough and self.input_seen and self.pongs

    def step(self, wait_s):
        # What TLS has decrypted already does not show in select.
        sockets = [self.udp, self.control.tls]
        ready = select.select(sockets, [], [], 0 if self.control.tls.pending() else wait_s)[0]
        if self.udp in ready:
            data = self.udp.recv(2048)
            ssrc = struct.unpack_from(">I", data, 4 if 192 <= data[1] <= 223 else 8)[0]
            if ssrc != self.ssrc and self.resumed is False:
                pass  # of the stream before
            elif 192 <= data[1] <= 223:
                self.take_rtcp(data)
            else:
                self.take_rtp(data)
        if self.control.tls in ready or self.control.tls.pending():
            need(self.control.read(), "the host closed the connection")
            while (message := self.control.take()) is not None:
                self.take_message(*message)

    def run(self):
        end = time.monotonic() + DEADLINE_S
        next_report = 0.0
        while not self.done():
            now = time.monotonic()
            need(now < end, "too late: %r" % self.summary())
            if now >= next_report:
                self.report()
                next_report = now + (1.0 if self.next_index is not None else 0.02)
            if self.break_after is not None and len(self.access_units) >= self.break_after:
                self.come_back()
                next_report = 0.0
            if self.access_units and not self.input_id:
                self.press()
            self.step(max(0.0, next_report - now))

    def leave(self):
        self.report(struct.pack(">BBHI", 0x81, 203, 1, self.client_ssrc))
        self.control.send_json(BYE, {"v": 1, "reason": "the stranger leaves", "status": 0})
        self.control.tls.close()

    def summary(self):
        return {
            "width": self.welcome["video"]["width"],
            "height": self.welcome["video"]["height"],
            "frames": len(self.access_units),
            "resumed": self.resumed,
            "input_id": self.input_id,
            "input_seen": self.input_seen,
            "pongs": self.pongs,
            "sender_reports": self.reports,
            "worst_age_ms": round(self.worst_age, 1),
        }


def examples(path):
    """The page must be right: its examples decrypt, and say what it says of them."""
    with open(path, encoding="utf-8") as page:
        text = page.read()
    blocks = {
        m[1]: bytes.fromhex(m[2])
        for m in re.finditer(r"```\n(rtp|srtp|rtcp|srtcp)\n([0-9a-f\s]+)```", text)
    }
    need(len(blocks) == 4, "examples are missing")
    master = bytes(range(16)) + bytes(range(0xA0, 0xAC))
    _, header, payload = Srtp(master, 0x12345678).open_rtp(blocks["srtp"])
    need(header + payload == blocks["rtp"], "the RTP example is wrong")
    found = extensions(header)
    need(struct.unpack(">IQI", found[1]) == (7, 1000000, 3), "its first extension is wrong")
    need(struct.unpack(">7H", found[2]) == (10, 20, 60, 61, 420, 425, 430), "its second is wrong")
    need(Srtp(master, 0x9ABCDEF0).open_rtcp(blocks["srtcp"]) == blocks["rtcp"], "RTCP is wrong")
    need(Srtp(master, 0x9ABCDEF0).seal_rtcp(blocks["rtcp"]) == blocks["srtcp"], "SRTCP is wrong")


def main():
    if sys.argv[1] == "--examples":
        examples(sys.argv[2])
        return
    numbers = [int(arg) for arg in sys.argv[3:]]
    stranger = Stranger(sys.argv[1], *(numbers or [30]))
    stranger.run()
    stranger.leave()
    with open(sys.argv[2], "wb") as out:
        out.write(b"".join(stranger.access_units))
    print(json.dumps(stranger.summary()))


if __name__ == "__main__":
    try:
        main()
    except (ProtocolError, InvalidTag) as error:
        print("stranger: %s" % (error or "not authentic"), file=sys.stderr)
        sys.exit(1)
