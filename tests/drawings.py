"""Pictures for tests, good and hostile."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image


def a_picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **more: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, "#2a4b8d" if mode in ("RGB", "RGBA") else 3).save(buffer, kind, **more)
    return buffer.getvalue()


def a_photo_with_a_place() -> bytes:
    """JPEG with GPS in its EXIF, a comment, and turned by 90°."""
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation
    exif[0x010F] = "TsukimiPhone"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (35.0, 41.0, 22.0)
    return a_picture("JPEG", exif=exif, comment=b"<script>alert('TsukimiComment')</script>")


def a_photo_with_odd_exif(tag: int, kind: int) -> bytes:
    """Turned by 90°; and one more field, written as a kind that it is not."""
    fields = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0) + struct.pack("<HHI", tag, kind, 4) + b"abc\0"
    return a_picture("JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 2) + fields + b"\0\0\0\0")


def a_jpeg_of_scans(scans: int, size: tuple[int, int] = (40, 30)) -> bytes:
    """The last scan of a progressive one again and again: of a large picture, seconds of work in a kilobyte."""
    plain = a_picture("JPEG", size, progressive=True, quality=10)
    last = plain[plain.rfind(b"\xff\xda") : -2]
    return plain[:-2] + last * (scans - plain.count(b"\xff\xda")) + plain[-2:]


def a_png_of_claimed_size(width: int, height: int) -> bytes:
    """A few bytes that say they are a huge picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * ((width // 8 + 1) * min(height, 64)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))
