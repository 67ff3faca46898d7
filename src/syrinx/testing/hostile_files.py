"""Files that somebody makes to harm a server: playlists, polyglots, headers that lie, hours of sound in a few bytes."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator, Mapping
from typing import Final

_PRIVATE_FILE: Final = "/etc/passwd"
_DEEP: Final = 3_000
_HUGE: Final = (0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def playlists(port: int) -> Iterator[tuple[str, bytes]]:
    """Name and content of files that name others: one that a listener on `port` of 127.0.0.1 would be asked for, and
    one of this machine's."""
    for where, address in (("http", f"http://127.0.0.1:{port}/sound.wav"), ("file", f"file://{_PRIVATE_FILE}")):
        host = f"127.0.0.1:{port}"
        yield from (
            (f"m3u8-{where}", _m3u8(address)),
            (f"m3u-{where}", f"#EXTM3U\n#EXTINF:9,speech\n{address}\n".encode()),
            (f"concat-{where}", f"ffconcat version 1.0\nfile '{address}'\nduration 9\n".encode()),
            (f"mpd-{where}", _mpd(address)),
            (f"asx-{where}", f'<asx version="3.0"><entry><ref href="{address}"/></entry></asx>'.encode()),
            (f"pls-{where}", f"[playlist]\nFile1={address}\nNumberOfEntries=1\nVersion=2\n".encode()),
            (
                f"xspf-{where}",
                f"<playlist><trackList><track><location>{address}</location></track></trackList>".encode(),
            ),
            (f"smil-{where}", f'<smil><body><audio src="{address}"/></body></smil>'.encode()),
            (f"edl-{where}", f"# mpv EDL v0\n{address},0,9\n".encode()),
            (f"sdp-{where}", _sdp(port)),
            (f"ism-{where}", f'<SmoothStreamingMedia><StreamIndex Url="{address}"/></SmoothStreamingMedia>'.encode()),
            (f"strm-{where}", f"{address}\n".encode()),
            (f"lavfi-{where}", f"amovie=filename='{address}'".encode()),
            (f"protocols-{where}", f"concat:{address}|subfile,,start,0,end,9,,:{_PRIVATE_FILE}\n".encode()),
            (f"rtsp-{where}", f"RTSPtext\nrtsptextRTSP://{host}/a\nrtsp://{host}/a\n".encode()),
            (f"mov-reference-{where}", _box(b"moov", _box(b"rmra", _box(b"rmda", _redirect(address))))),
            (f"mov-data-elsewhere-{where}", _film_with_data_at(address)),
            (f"mkv-linked-{where}", _linked_matroska(address)),
        )


def _m3u8(address: str) -> bytes:
    key = f'#EXT-X-KEY:METHOD=AES-128,URI="{address}"\n'
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n{key}#EXTINF:9,\n{address}\n#EXT-X-ENDLIST\n".encode()


def _mpd(address: str) -> bytes:
    return (
        f'<?xml version="1.0"?><MPD type="static"><BaseURL>{address}</BaseURL><Period><AdaptationSet '
        f'mimeType="audio/mp4"><Representation id="1"><BaseURL>{address}</BaseURL></Representation></AdaptationSet>'
        "</Period></MPD>"
    ).encode()


def _sdp(port: int) -> bytes:
    return f"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nm=audio {port} RTP/AVP 0\r\n".encode()


def _box(kind: bytes, body: bytes) -> bytes:
    """Of ISO/IEC 14496-12."""
    return struct.pack(">I4s", len(body) + 8, kind) + body


def _redirect(address: str) -> bytes:
    return _box(b"rdrf", struct.pack(">I4sI", 0, b"url ", len(address) + 1) + address.encode() + b"\0")


def _film_with_data_at(address: str) -> bytes:
    """An MP4 whose sound lies elsewhere (a data reference)."""
    elsewhere = _box(b"url ", bytes(4) + address.encode() + b"\0")
    alias = _box(b"alis", bytes(4) + address.encode().ljust(150, b"\0"))
    entry = _box(b"sowt", bytes(6) + struct.pack(">HHHIHHHHI", 1, 0, 0, 0, 1, 16, 0, 0, 16_000 << 16))
    table = b"".join(
        (
            _box(b"stsd", struct.pack(">II", 0, 1) + entry),
            _box(b"stts", struct.pack(">IIII", 0, 1, 16_000, 1)),
            _box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 16_000, 1)),
            _box(b"stsz", struct.pack(">III", 0, 2, 16_000)),
            _box(b"stco", struct.pack(">III", 0, 1, 0)),
        )
    )
    references = _box(b"dinf", _box(b"dref", struct.pack(">II", 0, 2) + elsewhere + alias))
    media = b"".join(
        (
            _box(b"mdhd", struct.pack(">IIIIIHH", 0, 0, 0, 16_000, 16_000, 0, 0)),
            _box(b"hdlr", bytes(8) + b"soun" + bytes(13)),
            _box(b"minf", _box(b"smhd", bytes(8)) + references + _box(b"stbl", table)),
        )
    )
    track = _box(b"tkhd", struct.pack(">IIIII", 1, 0, 0, 1, 0) + bytes(64)) + _box(b"mdia", media)
    head = _box(b"mvhd", struct.pack(">IIIII", 0, 0, 0, 1000, 1000) + bytes(80))
    return _box(b"ftyp", b"qt  " + bytes(8)) + _box(b"moov", head + _box(b"trak", track))


def _ebml(identity: bytes, body: bytes) -> bytes:
    """Of RFC 8794, its length in eight bytes."""
    return identity + b"\x01" + len(body).to_bytes(7, "big") + body


def _linked_matroska(address: str) -> bytes:
    head = _ebml(b"\x1a\x45\xdf\xa3", _ebml(b"\x42\x82", b"matroska"))
    info = _ebml(b"\x15\x49\xa9\x66", _ebml(b"\x3e\xb9\x23", bytes(16)) + _ebml(b"\x3e\x83\xbb", address.encode()))
    return head + _ebml(b"\x18\x53\x80\x67", info)


def polyglots(whole: Mapping[str, bytes], port: int) -> Iterator[tuple[str, bytes]]:
    """Files that are two things: a recording of `whole` (by container) and something else."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writing:
        writing.writestr("../../evil", bytes(1 << 20))
    zipped = archive.getvalue()
    html = f'<!doctype html><img src="http://127.0.0.1:{port}/"><script>1</script>'.encode()
    pdf = f"%PDF-1.7\n1 0 obj<</OpenAction<</S/URI/URI(http://127.0.0.1:{port}/)>>>>endobj\n".encode()
    others = {"zip": zipped, "html": html, "pdf": pdf, "gif": b"GIF89a" + bytes(40), "elf": b"\x7fELF" + bytes(60)}
    others["playlist"] = _m3u8(f"http://127.0.0.1:{port}/")
    for other, content in others.items():
        for kind, recording in whole.items():
            yield f"{other}+{kind}", content + recording
            yield f"{kind}+{other}", recording + content
        yield f"tagged-{other}", tag(len(content)) + content
        yield f"riff-{other}", b"RIFF" + struct.pack("<I", len(content) + 12) + b"WAVE" + b"data" + content
        yield f"mp4-{other}", _box(b"ftyp", b"isom" + bytes(8)) + _box(b"mdat", content)


def tag(claimed: int) -> bytes:
    """The header of an ID3 tag that claims so many bytes."""
    return b"ID3\x04\0\0" + bytes(claimed >> shift & 0x7F for shift in (21, 14, 7, 0))


def headers_that_lie(whole: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Tags of a quarter of a gigabyte, boxes in boxes, tables of billions, thousands of chunks, endless lists."""
    mp3, flac, ogg = whole["mp3"], whole["flac"], whole["ogg"]
    yield "tag-claims-256-mb", tag((1 << 28) - 1) + mp3
    yield "tag-of-2-mb", tag(2 << 20) + bytes(2 << 20) + mp3
    yield "tag-of-tags", tag(400 * 10) + tag(10) * 400 + mp3
    yield "tag-with-frames-of-4-gb", tag(4000) + b"".join(b"APIC\x7f\x7f\x7f\x7f\0\0" for _ in range(400)) + mp3
    for kind in (b"moov", b"trak", b"udta", b"meta", b"free", b"moof"):
        nested = b""
        for _ in range(_DEEP):
            nested = _box(kind, nested)
        yield f"deep-{kind.decode()}", _box(b"ftyp", b"isom" + bytes(8)) + _box(b"moov", nested)
    for table in (b"stsz", b"stco", b"stsc", b"stts", b"ctts", b"elst", b"co64", b"stss"):
        for count in _HUGE:
            body = _box(table, struct.pack(">IIII", 0, count, count, count))
            yield f"table-{table.decode()}-{count:x}", _box(b"ftyp", b"isom" + bytes(8)) + _box(b"moov", body)
    yield "box-of-2-to-63", _box(b"ftyp", b"isom" + bytes(8)) + struct.pack(">I4sQ", 1, b"moov", 1 << 63) + bytes(64)
    yield "box-of-nothing", _box(b"ftyp", b"isom" + bytes(8)) + struct.pack(">I4s", 0, b"moov") * 5_000
    for identity in (b"\x18\x53\x80\x67", b"\x16\x54\xae\x6b", b"\x12\x54\xc3\x67", b"\x1f\x43\xb6\x75"):
        endless = (identity + b"\x01\xff\xff\xff\xff\xff\xff\xff") * _DEEP
        yield f"endless-{identity.hex()}", _ebml(b"\x1a\x45\xdf\xa3", _ebml(b"\x42\x82", b"webm")) + endless
    yield "ebml-of-2-to-56", b"\x1a\x45\xdf\xa3\x01" + b"\xff" * 6 + b"\xfe" + bytes(64)
    lists = b""
    for _ in range(_DEEP):
        lists = b"LIST" + struct.pack("<I", len(lists) + 4) + b"hdrl" + lists
    yield "deep-avi", b"RIFF" + struct.pack("<I", len(lists) + 4) + b"AVI " + lists
    chunks = b"junk\0\0\0\0" * 100_000
    yield "wav-of-100000-chunks", b"RIFF" + struct.pack("<I", len(chunks)) + b"WAVE" + chunks
    nested_amf = b"\x02\0\x0aonMetaData" + b"\x03\0\x01a" * _DEEP
    yield "deep-flv", b"FLV\x01\x05\0\0\0\x09\0\0\0\0\x12" + len(nested_amf).to_bytes(3, "big") + bytes(7) + nested_amf
    for block in range(7):
        yield f"flac-block-{block}-of-16-mb", b"fLaC" + bytes((block,)) + b"\xff\xff\xff" + flac[8:]
    comments = b"\x03vorbis" + struct.pack("<I", 0xFFFFFFFF) * 50
    yield "ogg-of-comments", ogg[:58] + comments + ogg[58:]
    yield "ogg-of-laces", (b"OggS\0\2" + bytes(20) + b"\xff" + b"\xff" * 255) * 500
    yield "amr-of-nothing", b"#!AMR\n" + b"\x7c" * 100_000


def bombs() -> Iterator[tuple[str, bytes]]:
    """Rates, channels, bits and lengths that cannot be or that are far more than there is."""
    for rate_hz in (0, 1, 999, 800_000, 0x7FFFFFFF, 0xFFFFFFFF):
        for channels in (0, 1, 255, 65_535):
            for tag_, bits in ((1, 16), (1, 1), (3, 64), (2, 4), (0x11, 4), (0x55, 0), (0xFFFE, 16), (0x161, 16)):
                yield f"wav-{rate_hz}-{channels}-{tag_}-{bits}", _wav(rate_hz, channels, tag_, bits)
    for rate in (
        b"\x40\x1f\xfa" + bytes(7),
        b"\x7f\xff" + bytes(8),
        b"\xff" * 10,
        bytes(10),
        b"\xc0\x0e" + b"\xac" * 8,
    ):
        for channels in (0, 1, 255):
            common = struct.pack(">HIH", channels, 0xFFFFFFFF, 16) + rate
            body = (
                b"COMM" + struct.pack(">I", 18) + common + b"SSND" + struct.pack(">III", 8 + 4000, 0, 0) + bytes(4000)
            )
            yield f"aiff-{rate[:3].hex()}-{channels}", b"FORM" + struct.pack(">I", len(body) + 4) + b"AIFF" + body
    for rate in (8e9, float("nan"), float("inf"), -1.0, 0.0):
        for channels in (0, 1, 255):
            yield f"mkv-{rate}-{channels}", _matroska(rate, channels)


def _wav(rate_hz: int, channels: int, tag_: int, bits: int) -> bytes:
    """A few KB of silence that claim to be four gigabytes."""
    form = struct.pack("<HHIIHH", tag_, channels, rate_hz, rate_hz, max(1, channels * bits // 8) & 0xFFFF, bits)
    form += struct.pack("<HHI", 22, bits, 0) + struct.pack("<H", 1) + bytes(14)
    return b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<I", len(form)) + form + b"data\xff\xff\xff\xff" + bytes(6000)


def _matroska(rate_hz: float, channels: int) -> bytes:
    sound = (
        _ebml(b"\xb5", struct.pack(">d", rate_hz)) + _ebml(b"\x9f", bytes((channels,))) + _ebml(b"\x62\x64", b"\x10")
    )
    entry = _ebml(b"\xd7", b"\1") + _ebml(b"\x83", b"\2") + _ebml(b"\x86", b"A_PCM/INT/LIT") + _ebml(b"\xe1", sound)
    tracks = _ebml(b"\x16\x54\xae\x6b", _ebml(b"\xae", entry))
    length = _ebml(b"\x15\x49\xa9\x66", _ebml(b"\x44\x89", struct.pack(">d", 1e18)))
    blocks = b"".join(_ebml(b"\xa3", b"\x81\x7f\xff\x80" + bytes(510)) for _ in range(8))
    cluster = _ebml(b"\x1f\x43\xb6\x75", _ebml(b"\xe7", b"\0") + blocks)
    head = _ebml(b"\x1a\x45\xdf\xa3", _ebml(b"\x42\x82", b"matroska"))
    return head + _ebml(b"\x18\x53\x80\x67", length + tracks + cluster)
