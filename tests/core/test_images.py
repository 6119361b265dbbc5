"""Pictures from outside: nothing but their pixels comes in."""

from __future__ import annotations

import asyncio
import io
import threading
import time

import pytest
from PIL import Image, PngImagePlugin

from core import media
from core.errors import Refused
from core.images import MOST_SCANS, MOST_SIDE, SMALL, clean
from core.tasks import in_thread
from drawings import (
    a_jpeg_of_scans,
    a_photo_with_a_place,
    a_photo_with_odd_exif,
    a_picture,
    a_png_of_claimed_size,
    opened,
)

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"></svg>'
HOSTILE = [b"", b"<html>", SVG, b"GIF89a<script>", b"%PDF-1.7", a_picture()[:60], b"\xff\xd8\xff\xe0" + b"\0" * 100,
           a_picture("BMP"), a_picture("TIFF"), a_picture("ICO", (16, 16)), b"RIFF\0\0\0\0WEBPVP8 "]  # fmt: skip


@pytest.mark.parametrize("data", HOSTILE)
def test_what_is_no_listed_picture_is_refused(data):
    with pytest.raises(Refused):
        clean(data)


@pytest.mark.parametrize("size", [(8200, 5000), (60_000, 60_000), (1, 41_000_000)])
def test_more_than_forty_megapixels_are_refused_before_they_are_decoded(size):
    with pytest.raises(Refused):
        clean(a_png_of_claimed_size(*size))


def test_places_comments_and_whatever_hangs_behind_are_gone():
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "TsukimiSecret")
    text.add_itxt("XML:com.adobe.xmp", "<x>TsukimiSecret</x>")
    behind = b"PK\x03\x04 TsukimiSecret <script>alert(1)</script>"
    photo = a_photo_with_a_place()
    assert b"TsukimiPhone" in photo
    assert b"TsukimiComment" in photo
    for data in (photo + behind, a_picture("PNG", pnginfo=text) + behind, a_picture("WEBP", xmp=b"TsukimiSecret"),
                 a_picture("GIF", mode="P", comment=b"TsukimiSecret") + behind):  # fmt: skip
        made = clean(data)
        assert b"Tsukimi" not in made.data
        assert b"script" not in made.data
        assert not opened(made.data).getexif()


def test_a_turned_photo_stands_upright():
    assert (clean(a_photo_with_a_place()).width, clean(a_photo_with_a_place()).height) == (30, 40)


def test_a_large_one_is_made_smaller_and_has_a_second_file_for_phones():
    made = clean(a_picture("JPEG", (4000, 1000)))
    assert (made.width, made.height, made.small_width) == (MOST_SIDE, 600, SMALL)
    assert opened(made.small).size == (SMALL, 270)
    assert opened(made.small).format == "JPEG"
    assert clean(a_picture(size=(SMALL, 40))).small_width == 0


@pytest.mark.parametrize("mode", ["P", "L", "LA", "RGBA", "1", "I;16"])
def test_every_kind_of_colours_has_a_small_one(mode):
    buffer = io.BytesIO()
    Image.new(mode, (1600, 20)).save(buffer, "PNG")
    assert opened(clean(buffer.getvalue()).small).size[0] == SMALL


def test_a_phone_that_writes_several_pictures_into_one_file_is_understood():
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30)).save(buffer, "MPO", save_all=True, append_images=[Image.new("RGB", (40, 30), "red")])
    assert opened(buffer.getvalue()).format == "MPO"
    assert clean(buffer.getvalue()).kind == "JPEG"


@pytest.mark.parametrize(("kind", "becomes"), [("GIF", "PNG"), ("WEBP", "WEBP"), ("PNG", "PNG")])
def test_of_an_animated_one_the_first_picture_stays(kind, becomes):
    buffer = io.BytesIO()
    first, second = Image.new("RGB", (40, 30), "#2a4b8d"), Image.new("RGB", (40, 30), "#ffffff")
    first.save(buffer, kind, save_all=True, append_images=[second])
    made = clean(buffer.getvalue())
    assert made.kind == becomes
    assert getattr(opened(made.data), "n_frames", 1) == 1


@pytest.mark.parametrize("kind", [1, 2, 7])
@pytest.mark.parametrize("tag", [0x0100, 0x0102, 0x011A, 0x0111, 0x013E, 0x8769, 0x8825])
def test_a_photo_whose_exif_makes_no_sense_is_a_photo_all_the_same(tag, kind):
    made = clean(a_photo_with_odd_exif(tag, kind))
    assert (made.width, made.height) == (30, 40)


def test_a_jpeg_that_is_gone_over_too_often_is_refused_before_it_is_decoded():
    assert clean(a_jpeg_of_scans(MOST_SCANS)).kind == "JPEG"
    with pytest.raises(Refused):
        clean(a_jpeg_of_scans(MOST_SCANS + 1))
    began = time.perf_counter()
    with pytest.raises(Refused):
        clean(a_jpeg_of_scans(20_000, (7000, 5700)))
    assert time.perf_counter() - began < 5  # at 80 ms a scan it would be half an hour


def test_what_hangs_behind_a_photo_and_its_thumbnail_are_none_of_its_scans():
    film = b"\xff\xda" * 100
    thumbnail = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0" + a_jpeg_of_scans(MOST_SCANS + 1)
    assert clean(a_picture("JPEG", exif=thumbnail) + film).kind == "JPEG"


@pytest.mark.anyio
async def test_pictures_are_drawn_one_at_a_time_and_nobody_else_waits_for_them(monkeypatch):
    running, most, may_end = 0, 0, threading.Event()

    def slowly(data):
        nonlocal running, most
        running += 1
        most = max(most, running)
        may_end.wait(10)
        running -= 1
        return clean(data)

    monkeypatch.setattr(media, "clean", slowly)
    sent = [asyncio.create_task(media.drawn(a_picture())) for _ in range(4)]
    try:
        await asyncio.sleep(0.05)
        assert await asyncio.wait_for(in_thread(len, "password"), 5) == 8
    finally:
        may_end.set()
    assert {one.kind for one in await asyncio.gather(*sent)} == {"PNG"} and most == 1
