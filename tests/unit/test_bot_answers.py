"""What the example bot says to what: its reading of an item, and its pure choice of an answer."""

from typing import Any

import pytest

from answers import HELP_TEXT, MAX_PICTURE, START_TEXT, STOP_TEXT, Answer, choose_answer, first_word
from messages import Message, Picture, read_message

PARROT = Picture(key="outgoing/bot/parrot.jpg", content_type="image/jpeg")
THEIRS = Picture(key="mo/1/0-ab", content_type="image/png", size=2000)
ITEM: dict[str, Any] = {
    "pk": "MO#1",
    "sk": "MESSAGE",
    "moId": "1",
    "handset": "447800000001",
    "service": "88600",
    "sentAt": "2026-11-28T09:00:00.000Z",
    "text": "Is it dead?",
    "parts": [
        {"index": 0, "contentType": "image/png", "size": 2000, "s3Key": "mo/1/0-ab"},
        {"index": 1, "contentType": "text/plain", "size": 11, "text": "Is it dead?"},
        {"index": 2, "contentType": "video/mp4", "size": 9, "s3Key": "mo/1/2-cd"},
    ],
}


def message(text: str = "", *pictures: Picture, **changes: Any) -> Message:
    fields: dict[str, Any] = {"mo_id": "1", "handset": "447800000001", "service": "88600", "sent_at": "2026-11-28"}
    return Message(**{**fields, "text": text, "pictures": pictures, **changes})


def choose(asked: Message, *, opted_out: bool = False) -> Answer | None:
    return choose_answer(asked, opted_out=opted_out, parrot=PARROT)


def test_an_item_is_read_with_the_pictures_that_lie_in_the_bucket() -> None:
    assert read_message(ITEM) == message("Is it dead?", THEIRS, sent_at="2026-11-28T09:00:00.000Z")


def test_an_item_with_as_little_as_the_gateway_ever_writes_is_read() -> None:
    bare = read_message({name: ITEM[name] for name in ("pk", "sk", "moId", "sentAt")})
    assert (bare.handset, bare.service, bare.text, bare.pictures, bare.answerable) == ("", "", "", (), False)


def test_the_subject_counts_where_there_is_no_text() -> None:
    assert read_message({"moId": "1", "sentAt": "", "subject": "HELP"}).text == "HELP"


def test_what_is_no_message_is_no_silence() -> None:
    with pytest.raises(KeyError):
        read_message({"pk": "MO#1"})


WORDS = {"Stop!": "STOP", "  stop it": "STOP", "opt-out": "OPTOUT", "Opt out please": "OPTOUT", "?!": "", "": ""}


@pytest.mark.parametrize(("text", "word"), WORDS.items())
def test_the_first_word_counts_however_it_is_written(text: str, word: str) -> None:
    assert first_word(message(text)) == word


@pytest.mark.parametrize("opted_out", [False, True])
@pytest.mark.parametrize(("text", "answer"), {"help": HELP_TEXT, "Info": HELP_TEXT, "STOP": STOP_TEXT}.items())
def test_help_and_stop_are_always_answered(text: str, answer: str, opted_out: bool) -> None:
    assert choose(message(text), opted_out=opted_out) == Answer(text=answer)


@pytest.mark.parametrize("asked", [message("PICTURE"), message("", THEIRS), message("START"), message("Hello")])
def test_who_opted_out_is_told_nothing_else(asked: Message) -> None:
    assert choose(asked, opted_out=True) is None


def test_who_comes_back_is_welcomed() -> None:
    assert choose(message("start")) == Answer(text=START_TEXT)


def test_the_word_picture_is_answered_with_the_parrot() -> None:
    answer = choose(message("Picture please", THEIRS))
    assert answer is not None
    assert answer.picture == PARROT


def test_the_first_picture_that_handsets_show_comes_back() -> None:
    tiff = Picture(key="mo/1/9", content_type="image/tiff", size=10)
    answer = choose(message("look", tiff, THEIRS, PARROT))
    assert answer is not None
    assert answer.picture == THEIRS


@pytest.mark.parametrize(
    "picture",
    [
        Picture(key="mo/1/0", content_type="image/jpeg", size=MAX_PICTURE + 1),
        Picture(key="mo/1/0", content_type="image/svg+xml", size=10),
    ],
)
def test_a_picture_that_can_not_go_back_is_answered_in_words(picture: Picture) -> None:
    answer = choose(message("", picture))
    assert answer is not None
    assert answer.picture is None


def test_what_is_not_understood_is_not_answered_for_it_may_be_an_automatic_reply() -> None:
    assert choose(message("I am driving and will read this later")) is None


@pytest.mark.parametrize(
    "changes", [{"handset": "parrot@example.com"}, {"handset": ""}, {"service": ""}, {"handset": "88600"}]
)
def test_addresses_that_are_no_numbers_and_its_own_are_not_answered(changes: dict[str, str]) -> None:
    assert not message("HELP", **changes).answerable
    assert message("HELP").answerable
