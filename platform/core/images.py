"""Pictures from outside, drawn anew: what is no pixel (EXIF with places, comments, what hangs behind) is gone.

Listed bitmaps only, SVG is refused; of an animated one the first picture stays. OWASP ASVS 5.0 V5.2 and V5.3.
"""

from __future__ import annotations

import io
import re
import struct

import msgspec
from PIL import ExifTags, Image, UnidentifiedImageError

from core.errors import Refused
from core.i18n import _, number

FORMATS = {"PNG": ("png", "image/png"), "JPEG": ("jpg", "image/jpeg"), "GIF": ("gif", "image/gif"),
           "WEBP": ("webp", "image/webp")}  # fmt: skip
DRAWN_AS = {"GIF": "PNG", "MPO": "JPEG"}  # MPO: several JPEGs in one file, as some phones write them
MOST_BYTES = 10_000_000
MOST_PIXELS = 40_000_000
MOST_SIDE = 2400
SMALL = 1080  # pixels wide: a phone of 390 px at nearly three pixels each
MOST_SCANS = 40  # of a JPEG; progressive ones as programs write them have about ten
# By the EXIF orientation: how the picture is brought upright.
TURNS = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
         5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
         8: Image.Transpose.ROTATE_90}  # fmt: skip
# What Pillow raises over bytes that only look like a picture.
BROKEN = (UnidentifiedImageError, OSError, ValueError, SyntaxError, TypeError, LookupError, OverflowError, struct.error,
          Image.DecompressionBombError, Image.DecompressionBombWarning)  # fmt: skip
_marker = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")  # in the pixels' data stand only FF 00 and FF D0 to FF D7
_START, _END, _SCAN, _TEMPORARY = 0xD8, 0xD9, 0xDA, 0x01
Image.MAX_IMAGE_PIXELS = MOST_PIXELS


class Picture(msgspec.Struct):
    """`small` is the same for phones, `small_width` pixels wide; empty and 0 where the picture is hardly wider."""

    data: bytes
    kind: str
    width: int
    height: int
    small: bytes = b""
    small_width: int = 0


def clean(data: bytes) -> Picture:
    """Decode and encode again, at most 2,400 px a side. Raises Refused when it is no listed image, or too large."""
    try:
        with Image.open(io.BytesIO(data), formats=list(FORMATS)) as opened:
            _refuse_size(opened)
            _refuse_scans(opened, data)
            opened.load()
            return _drawn(_upright(opened), opened.format or "")
    except BROKEN as error:
        raise Refused(_("Send a picture as PNG, JPEG, GIF or WebP.")) from error


def _refuse_size(opened: Image.Image) -> None:
    """Before a pixel is decoded: Pillow itself only warns up to twice the limit."""
    if opened.width * opened.height > MOST_PIXELS:
        raise Refused(_("A picture may have at most %(n)s million pixels.", n=number(MOST_PIXELS // 1_000_000)))


def _refuse_scans(opened: Image.Image, data: bytes) -> None:
    """A scan of 64 bytes is a pass over all pixels: ten megabytes of them would hold a thread for hours."""
    if opened.format in ("JPEG", "MPO") and _scans(data) > MOST_SCANS:
        raise Refused(_("Send a picture as PNG, JPEG, GIF or WebP."))


def _scans(data: bytes) -> int:
    """Of the first picture in a JPEG file, not of thumbnails in its segments, nor of a film that hangs behind it."""
    at, scans = 2, 0
    while scans <= MOST_SCANS and (found := _marker.search(data, at)) and (kind := found.group(1)[0]) != _END:
        at = found.end()
        scans += kind == _SCAN
        if kind not in (_START, _TEMPORARY):
            at += int.from_bytes(data[at : at + 2], "big")
    return scans


def _upright(opened: Image.Image) -> Image.Image:
    """As the camera was held. ImageOps.exif_transpose would also write the EXIF anew, which is dropped here anyway, and
    fails over fields that it can read."""
    try:
        turn = TURNS.get(opened.getexif().get(ExifTags.Base.Orientation, 1))
    except BROKEN:
        turn = None
    return opened.transpose(turn) if turn else opened


def _drawn(picture: Image.Image, format: str) -> Picture:
    kind = DRAWN_AS.get(format, format)
    picture.thumbnail((MOST_SIDE, MOST_SIDE))
    if kind == "JPEG" and picture.mode != "RGB":
        picture = picture.convert("RGB")
    if format == "GIF":
        picture = picture.convert("RGBA")
    # Comments, XMP and texts would be written again. The profile says what the colours mean.
    picture.info = {name: said for name, said in picture.info.items() if name in ("icc_profile", "transparency")}
    small, width = _small(picture, kind)
    return Picture(_encoded(picture, kind), kind, picture.width, picture.height, small, width)


def _small(picture: Image.Image, kind: str) -> tuple[bytes, int]:
    if picture.width < SMALL * 5 // 4:
        return b"", 0
    if picture.mode not in ("RGB", "RGBA"):  # a palette cannot be made smaller without stairs
        profile = picture.info.get("icc_profile")
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
        picture.info = {"icc_profile": profile} if profile else {}
    resized = picture.resize((SMALL, max(1, round(picture.height * SMALL / picture.width))), Image.Resampling.LANCZOS)
    return _encoded(resized, kind), SMALL


def _encoded(picture: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **({"quality": 88} if kind == "JPEG" else {}))
    return buffer.getvalue()
