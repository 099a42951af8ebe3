"""How contents are shown, whatever strangers wrote into them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.web.contents import served_type, show

CARDS = [
    "BEGIN:VCARD\r\nBEGIN:TEL\r\nX:1\r\nEND:TEL\r\nFN:z\r\nEND:VCARD\r\n",
    "BEGIN:VCARD\r\n" * 5000 + "END:VCARD\r\n" * 5000,
    "BEGIN:VCARD\r\n\x1b]0;owned\x07\x1b[2J\r\nEND:VCARD\r\n",
    "BEGIN:VCARD\r\nVERSION:3.0\r\nFN;ENCODING=B:=====\r\nEND:VCARD",
    "BEGIN:VCARD\r\nFN;CHARSET=nonsense;ENCODING=QUOTED-PRINTABLE:=E9\r\nEND:VCARD",
    "END:VCARD",
    "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
    "",
]


@pytest.mark.parametrize("card", CARDS, ids=range(len(CARDS)))
def test_no_card_keeps_a_message_from_being_shown_or_reaches_the_terminal(
    card: str, capfd: pytest.CaptureFixture[str]
) -> None:
    part = {"index": 0, "contentId": "x.vcf", "contentType": "text/vcard", "text": card, "size": len(card)}
    assert show(part, "/media").kind in {"card", "file"}
    assert capfd.readouterr() == ("", "")


@given(st.text(max_size=300))
def test_no_text_in_a_card_does_either(text: str) -> None:
    part = {"index": 0, "contentType": "text/x-vcard", "text": f"BEGIN:VCARD\r\n{text}\r\nEND:VCARD"}
    assert show(part, "/media").kind in {"card", "file"}


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//elsewhere.example", "mailto:x"])
def test_only_a_link_to_the_web_is_a_link(url: str) -> None:
    shown = show({"index": 0, "contentId": "x", "contentType": "text/html", "url": url}, "/media")
    assert (shown.kind, shown.url) == ("file", "/media")


@pytest.mark.parametrize(
    "content_type",
    ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/pdf", "text/javascript", "x/y"],
)
def test_what_could_run_is_only_saved(content_type: str) -> None:
    assert served_type(content_type) == "application/octet-stream"
    assert show({"index": 0, "contentType": content_type, "size": 1, "s3Key": "x"}, "/media").kind == "file"
