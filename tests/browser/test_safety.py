"""What strangers send is shown, saved, and never run."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk

SCRIPT = "<script>document.title = 'owned'; fetch('/send', {method: 'POST'})</script>"


@pytest.fixture
def page_of_a_stranger(tmp_path: Path) -> Path:
    file = tmp_path / "invoice.html"
    file.write_text(f"<html><body>{SCRIPT}<h1>Pay here</h1></body></html>")
    return file


def test_an_html_attachment_is_saved_and_does_not_run(desk: Desk, page_of_a_stranger: Path) -> None:
    desk.open()
    desk.write_on_phone("Your invoice", [page_of_a_stranger])
    desk.open_conversation()
    link = desk.message("Your invoice").locator("a.file")
    with desk.page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "1-invoice.html"
    assert Path(str(download.value.path())).read_bytes() == page_of_a_stranger.read_bytes()
    # Nor where its address is opened by hand.
    other = desk.page.context.new_page()
    with pytest.raises(Exception, match="Download is starting"):
        other.goto(desk.url + str(link.get_attribute("href")).removesuffix("&download"))
    assert other.title() == ""
    other.close()


def test_an_svg_is_not_even_shown(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "picture.svg"
    file.write_text(f'<svg xmlns="http://www.w3.org/2000/svg">{SCRIPT}</svg>')
    desk.open()
    desk.write_on_phone("A picture", [file])
    desk.open_conversation()
    expect(desk.message("A picture").locator("a.file")).to_contain_text("picture.svg")
    expect(desk.message("A picture").locator("img")).to_have_count(0)


def test_a_page_that_pretends_to_be_a_picture_is_a_broken_picture(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "picture.jpg"
    file.write_text(f"<html>{SCRIPT}</html>")
    desk.open()
    desk.write_on_phone("A picture", [file])
    desk.open_conversation()
    picture = desk.message("A picture").locator("img")
    answer = desk.page.request.get(desk.url + str(picture.get_attribute("src")))
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    other = desk.page.context.new_page()
    other.goto(desk.url + str(picture.get_attribute("src")))
    assert "owned" not in other.title()
    other.close()


def test_markup_in_texts_subjects_and_names_is_text(desk: Desk) -> None:
    desk.open()
    desk.write_on_phone(f"{SCRIPT}<img src=x onerror=\"document.title='owned'\">")
    desk.open_conversation()
    expect(desk.messages.first.locator(".text")).to_contain_text("<img src=x onerror=")
    desk.answer("An answer", subject="<b>bold</b>")
    expect(desk.message("An answer").locator("h3")).to_have_text("<b>bold</b>")
    expect(desk.standing("An answer")).to_have_text("Retrieved")
    assert desk.page.title() == f"{desk.handset} – MMS gateway"


def test_a_vcard_is_shown_as_a_contact(desk: Desk, tmp_path: Path) -> None:
    card = tmp_path / "john.vcf"
    card.write_text(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:John Cleese\r\nORG:Ministry of Silly Walks\r\nTEL:+447700900111\r\n"
        "NOTE:<script>x</script>\r\nEND:VCARD\r\n"
    )
    desk.open()
    desk.write_on_phone("Call him", [card])
    desk.open_conversation()
    contact = desk.message("Call him").locator(".card")
    expect(contact.locator("strong")).to_have_text("John Cleese")
    expect(contact).to_contain_text("Ministry of Silly Walks")
    with desk.page.expect_download() as download:
        contact.get_by_text("Save contact").click()
    assert Path(str(download.value.path())).read_bytes() == card.read_bytes()
