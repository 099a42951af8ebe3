"""A draft made into a queue message: what the sender would take passes, all else is refused in the sender's words."""

import hashlib
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.drafts import MAX_FILE, Attachment, Draft, Finished, Refused, finish, plain_number
from console.file_names import content_ids, media_type
from console.problems import Problem
from mms_gateway.errors import Undeliverable
from mms_gateway.openmarket.encode import MixedEncoder
from mms_gateway.openmarket.multipart import split
from mms_gateway.openmarket.reply import Answer
from mms_gateway.outbound import Call, Delivery, Rules
from mms_gateway.queue_message import read_queue_message
from mms_gateway.send_request import json_schema
from mms_gateway.sending import Sender
from tests.unit.buckets import ObjectBucket
from tests.unit.drafts import EMPTY, FAULTY, PICTURE, SOUND, by_hand, drafted, named
from tests.unit.queue_messages import HOSTS, LINK
from tests.unit.standings import Standings

RULES = Rules(
    media_bucket="media",
    mt_config="default",
    link_hosts=HOSTS,
    max_message_bytes=1_000_000,
    window=timedelta(hours=24),
    call_seconds=20,
    backoff_seconds=900,
)
CONTENT_ID = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,18}")  # OpenMarket's, as the documents have it
SCHEMA = jsonschema.Draft202012Validator(json_schema())


class Clock:
    """The time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nobody waits {seconds} s here")


class Account:
    """As whom OpenMarket is called."""

    def authorization(self, *, newest: bool = False) -> str:  # noqa: ARG002
        return "Basic"


@dataclass
class OpenMarket:
    """Takes everything; `bodies` are what came."""

    bodies: list[bytes] = field(default_factory=list)

    def post(self, new_body: Callable[[], MixedEncoder], *, authorization: str, deadline: float) -> Call:  # noqa: ARG002
        self.bodies.append(new_body().read())
        answer = Answer(status=200, headers=(), body=b'{"mtId": 1}')
        return Call(answer=answer, in_doubt=False, problem="", host="host")


@dataclass
class Sent:
    """What the real sender made of a queue message: the request's body, or what it wrote down."""

    body: bytes | None
    description: str


def send(body: str, objects: dict[str, tuple[bytes, str]], rules: Rules = RULES) -> Sent:
    """Hand a queue message to the real sender."""
    table, open_market = Standings(), OpenMarket()
    sender = Sender(
        table=table,
        bucket=ObjectBucket({("media", key): each for key, each in objects.items()}),
        client=open_market,
        account=Account(),
        clock=Clock(),
        rules=rules,
        tell=lambda _: None,
    )
    delivery = Delivery(
        body=body, enqueued_at=datetime.now(UTC), receives=1, function_ends=time.monotonic() + rules.call_seconds * 2
    )
    try:
        sender.send(delivery)
    except Undeliverable as reason:
        return Sent(None, str(reason))
    (standing,) = table.messages.values()
    error = standing.error
    assert (standing.status, error is None) in {("ACCEPTED", True), ("REJECTED", False)}
    return Sent(open_market.bodies[0] if open_market.bodies else None, error.description if error is not None else "")


def send_finished(message: Finished, rules: Rules = RULES) -> Sent:
    uploads = {each.key: (each.attachment.data, each.attachment.content_type) for each in message.uploads}
    return send(message.body, uploads, rules)


def refusal(draft: Draft, rules: Rules = RULES) -> Refused:
    with pytest.raises(Refused) as refused:
        finish(draft, rules)
    return refused.value


# --- what a file's name tells -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["parrot.jpg"], ["parrot.jpg"]),
        (["Norwegian Blue (1).JPG"], ["Norwegian-Blue-.JPG"]),
        (["пÖлли.jpg", "鸚鵡.jpg", "😀.gif"], ["file.jpg", "file-2.jpg", "file.gif"]),
        (["für Ökö.png"], ["f-r-k-.png"]),
        (["a very long name of a parrot.vcf"], ["a-very-long-nam.vcf"]),
        (
            ["a very long name of a parrot.vcf"] * 3,
            ["a-very-long-nam.vcf", "a-very-long-n-2.vcf", "a-very-long-n-3.vcf"],
        ),
        (["x" * 300], ["x" * 19]),
        (["main", "main", "main.jpg"], ["main-2", "main-3", "main.jpg"]),
        (["text.txt", "link-1"], ["text-2.txt", "link-1-2"]),
        (["a.jpg", "a-2.jpg", "a.jpg"], ["a.jpg", "a-2.jpg", "a-3.jpg"]),
        (["", ".", "..", "/", "...jpg"], ["file", "file-2", "file-3", "file-4", "file.jpg"]),
        ([".vcf", "-._.vcf"], ["vcf", "file.vcf"]),
        (["../../etc/passwd.gif", "C:\\parrot.gif"], ["passwd.gif", "C-parrot.gif"]),
        (["archive.tar.gz", "a.verylong", "a.日本"], ["archive.tar.gz", "a.veryl", "a"]),
        (["a\x00b\n.jpg"], ["a-b-.jpg"]),
    ],
)
def test_a_content_id_is_as_like_the_files_name_as_openmarket_allows(names: list[str], expected: list[str]) -> None:
    assert content_ids(names, {"text.txt", "link-1"}) == expected


NAME = st.text(max_size=40) | st.sampled_from(
    ["main", "text.txt", "a.vcf", "A.VCF", "ä" * 30 + ".vcf", "link-1", "x" * 50]
)


@given(names=st.lists(NAME, max_size=40))
def test_whatever_files_are_called_their_content_ids_can_be_sent(names: list[str]) -> None:
    found = content_ids(names, {"text.txt"})
    assert all(CONTENT_ID.fullmatch(each) for each in found)
    assert len({*found, "main", "text.txt"}) == len(names) + 2
    assert all(
        each.lower().endswith(".vcf")
        for name, each in zip(names, found, strict=True)
        if name[1:].lower().endswith(".vcf") and "/" not in name
    )


def test_of_many_files_of_one_name_each_has_a_content_id_of_its_own() -> None:
    found = content_ids(["parrot-in-the-cage.jpeg"] * 1200)
    assert len(set(found)) == 1200
    assert all(CONTENT_ID.fullmatch(each) for each in found)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("parrot.jpg", "image/jpeg"),
        ("PARROT.JPEG", "image/jpeg"),
        ("a.b.png", "image/png"),
        ("tiny.gif", "image/gif"),
        ("polly.vcf", "text/x-vcard"),
        ("note.txt", "text/plain"),
        ("squawk.amr", "audio/amr"),
        ("squawk.mp3", "audio/mpeg"),
        ("flight.mp4", "video/mp4"),
        ("flight.3gp", "video/3gpp"),
        ("layout.smil", "application/smil"),
        ("photo.heic", "image/heic"),
        ("photo.webp", "image/webp"),
        ("data:text/html,parrot.jpg", "image/jpeg"),
    ],
)
def test_a_files_name_tells_its_type(name: str, expected: str) -> None:
    assert media_type(name) == expected


@pytest.mark.parametrize("name", ["parrot", "parrot.", ".jpg", "parrot.xyz", "parrot.jpg.gz", "parrots.tgz", "jpg", ""])
def test_a_name_that_does_not_tell_a_type_is_refused_with_what_to_do(name: str) -> None:
    with pytest.raises(Problem) as problem:
        media_type(name)
    assert str(problem.value) == (
        f"{name}: its name does not tell what it is; let it end in .jpg, .gif, .mp4, .vcf or the like."
    )


def test_the_type_is_the_same_on_every_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    table = tmp_path / "mime.types"
    table.write_text("application/x-canary jpg canary\n")
    monkeypatch.setattr("mimetypes.knownfiles", [str(table)])
    monkeypatch.setattr("mimetypes.inited", False)
    assert media_type("parrot.jpg") == "image/jpeg"
    with pytest.raises(Problem):
        media_type("parrot.canary")


# --- files ------------------------------------------------------------------------------------------------------------


def test_a_file_is_read_with_its_type(tmp_path: Path) -> None:
    file = tmp_path / "tiny.gif"
    file.write_bytes(b"GIF89a")
    assert Attachment.read(file) == Attachment.named("tiny.gif", b"GIF89a")
    assert Attachment.named("tiny.gif", b"GIF89a").content_type == "image/gif"


def test_a_file_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"gone\.gif: No such file or directory\."):
        Attachment.read(tmp_path / "gone.gif")
    (tmp_path / "folder.gif").mkdir()
    with pytest.raises(Problem, match=r"folder\.gif: Is a directory\."):
        Attachment.read(tmp_path / "folder.gif")


def test_a_device_without_end_is_not_read() -> None:
    with pytest.raises(Problem, match="zero: its name does not tell what it is"):
        Attachment.read(Path("/dev/zero"))


def test_a_vast_file_is_not_taken_into_memory(tmp_path: Path) -> None:
    with (tmp_path / "vast.mp4").open("wb") as file:
        file.truncate(MAX_FILE + 1)
    with pytest.raises(Problem, match=r"vast\.mp4: it has over 100,000,000 bytes, far more than any operator takes"):
        Attachment.read(tmp_path / "vast.mp4")


def test_what_a_terminal_would_obey_is_not_told_of_a_name() -> None:
    with pytest.raises(Problem, match=r"^\ufffd]0;owned\ufffd: its name"):
        media_type("\x1b]0;owned\x07")
    assert "(content[0] is \ufffd]0;owned\ufffd.gif)" in str(
        refusal(drafted(text=None, attachments=[named("\x1b]0;owned\x07.gif", "image/gif", b"")]))
    )


# --- what the sender takes --------------------------------------------------------------------------------------------

CHARACTERS = st.characters(exclude_categories=["Cs"]) | st.sampled_from("\uffff\ufffe\u2028\x00\x7f\U0001f99c")
TEXTS = st.text(CHARACTERS, min_size=1, max_size=60)
SUFFIXES = st.sampled_from([".jpg", ".gif", ".vcf", ".VCF", ".txt", ".mp4", ".smil", ".amr"])
ATTACHMENTS = st.builds(
    Attachment.named,
    st.builds("{}{}".format, TEXTS.filter(lambda text: text[-1] != "/"), SUFFIXES),
    st.binary(min_size=1, max_size=60),
)
SOUND_DRAFTS = st.builds(
    Draft,
    source=st.from_regex("[0-9]{3,15}", fullmatch=True),
    destination=st.from_regex("[0-9]{3,15}", fullmatch=True),
    subject=st.none() | st.text(CHARACTERS, max_size=255),
    text=st.none() | TEXTS,
    attachments=st.lists(ATTACHMENTS, min_size=1, max_size=8),
    links=st.lists(st.sampled_from([LINK, "https://media.example.org:443/a?b=c%20d#e"]), max_size=4),
    request_id=st.none() | st.from_regex("[A-Za-z0-9._:-]{1,128}", fullmatch=True),
    mt_config=st.none() | TEXTS,
    mobile_operator_id=st.none() | st.integers(0, 999_999_999),
    not_after=st.none() | st.sampled_from(["2999-12-01T18:00:00Z", "2999-12-01T18:00:00.5+05:30"]),
)


@given(draft=SOUND_DRAFTS)
def test_a_sound_draft_is_read_without_a_fault_and_sent_in_just_the_size_told(draft: Draft) -> None:
    message = finish(draft, RULES)
    read = read_queue_message(message.body, link_hosts=HOSTS)
    assert read.faults == ()
    assert (read.request_id, read.request_sha256) == (message.request_id, message.request_sha256)
    SCHEMA.validate(json.loads(message.body))
    sent = send_finished(message)
    assert sent.body is not None
    assert len(sent.body) == message.size
    assert all(each.attachment.data in sent.body for each in message.uploads)


@given(draft=SOUND_DRAFTS)
def test_the_queue_takes_the_message_of_any_draft(draft: Draft) -> None:
    body = finish(draft, RULES).body
    # What SendMessage allows: #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.
    assert re.fullmatch("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*", body)


def test_what_is_sent_is_what_was_drafted() -> None:
    card = Attachment.named("Polly Parrot.vcf", b"BEGIN:VCARD\r\nEND:VCARD\r\n")
    draft = drafted(subject="Your parrot", attachments=[PICTURE, card, PICTURE], links=[LINK], mobile_operator_id=77)
    sent = send_finished(finish(draft, RULES))
    assert sent.body is not None
    boundary = sent.body[2 : sent.body.index(b"\r\n")].decode()
    main, *contents = split(sent.body, boundary).entities
    assert json.loads(bytes(main.content)) == {
        "type": "MT",
        "source": "88600",
        "destination": "447700900750",
        "mtConfig": "default",
        "subject": "Your parrot",
        "mobileOperatorId": 77,
    }
    found = []
    for each in contents:
        headers = dict(each.headers)
        found.append((headers["content-id"].decode(), headers["content-type"].decode(), bytes(each.content)))
    assert found == [
        ("text.txt", "text/plain", b"Here it is"),
        ("parrot.jpg", "image/jpeg", PICTURE.data),
        ("Polly-Parrot.vcf", "text/x-vcard", card.data),
        ("parrot-2.jpg", "image/jpeg", PICTURE.data),
        ("link-1", "application/vnd.openmarket.remoteContent", LINK.encode()),
    ]


def test_files_called_like_the_text_and_the_links_get_names_of_their_own() -> None:
    files = [named("text.txt", "text/plain"), named("link-1", "image/gif")]
    contents = json.loads(finish(drafted(attachments=files, links=[LINK]), RULES).body)["content"]
    assert [each["contentId"] for each in contents] == ["text.txt", "text-2.txt", "link-1-2", "link-1"]


def test_the_same_draft_under_the_same_id_is_the_same_message_and_another_content_another() -> None:
    draft = drafted(request_id="order-4711", attachments=[PICTURE], links=[LINK])
    again = replace(
        draft, attachments=[Attachment(name="parrot.jpg", data=bytes(PICTURE.data), content_type="image/jpeg")]
    )
    first = finish(draft, RULES)
    assert finish(again, RULES) == first
    others = [
        replace(draft, attachments=[replace(PICTURE, data=PICTURE.data + b"x")]),
        replace(draft, attachments=[replace(PICTURE, name="polly.jpg")]),
        replace(draft, attachments=[replace(PICTURE, content_type="image/png")]),
        replace(draft, attachments=[PICTURE, PICTURE]),
        replace(draft, text="Here it was"),
        replace(draft, subject=""),
        replace(draft, links=[]),
        replace(draft, destination="447700900751"),
    ]
    assert len({first.request_sha256, *(finish(other, RULES).request_sha256 for other in others)}) == 9
    assert {finish(other, RULES).request_id for other in others} == {"order-4711"}


def test_uploads_lie_under_keys_that_name_message_and_content() -> None:
    (upload,) = finish(drafted(request_id="order-4711", attachments=[PICTURE]), RULES).uploads
    assert upload.key == f"outgoing/order-4711/{hashlib.sha256(PICTURE.data).hexdigest()[:16]}-parrot.jpg"


def test_without_an_id_every_message_is_another_one() -> None:
    ids = [finish(SOUND, RULES).request_id for _ in range(50)]
    assert len(set(ids)) == 50
    assert all(re.fullmatch(r"mms-[0-9]{8}-[0-9]{6}-[0-9a-f]{8}", each) for each in ids)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("+44 7700 900750", "447700900750"),
        (" 447700900750\n", "447700900750"),
        ("88600", "88600"),
        ("+", "+"),
        ("++44", "++44"),
        ("٤٤", "٤٤"),
        ("parrot@example.org", "parrot@example.org"),
        ("44-7700", "44-7700"),
        ("\udc80", "\udc80"),
        ("", ""),
    ],
)
def test_a_number_may_be_typed_as_people_write_it(typed: str, expected: str) -> None:
    assert plain_number(typed) == expected


# --- what the sender refuses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("draft", FAULTY.values(), ids=FAULTY)
def test_a_faulty_draft_is_refused_in_the_words_that_the_sender_writes_down(draft: Draft) -> None:
    past_the_check = by_hand(draft, draft.request_id if draft.request_id is not None else "order-4711", "media")
    sent = send(past_the_check.body, past_the_check.objects)
    assert sent.body is None
    faults = refusal(draft).faults
    assert "; ".join(faults) == sent.description
    assert str(refusal(draft)).startswith("\n".join(faults))


FIELDS = st.sampled_from(
    ["", "0", "88600", "447700900750", "+44 7700", "x" * 300, "half \ud83e", "\uffff", "2999-01-01T00:00:00Z"]
)
ANY_DRAFTS = st.builds(
    Draft,
    source=st.just("88600") | FIELDS,
    destination=st.just("447700900750") | FIELDS,
    subject=st.none() | FIELDS,
    text=st.none() | FIELDS | st.just("für " * 600),
    attachments=st.lists(
        st.builds(
            Attachment,
            name=st.text(max_size=20) | st.just("a.vcf"),
            data=st.sampled_from([b"", b"x", b"x" * 1500, b"x" * 2500]),
            content_type=st.sampled_from(
                ["image/jpeg", "text/vcard", "", "multipart/x", "application/vnd.openmarket.remoteContent"]
            ),
        ),
        max_size=3,
    )
    | st.just([EMPTY] * 33),
    links=st.lists(st.just(LINK) | FIELDS | st.just("https://example.invalid/x"), max_size=2),
    request_id=st.just("order-4711") | FIELDS,
    mt_config=st.none() | FIELDS,
    mobile_operator_id=st.none() | st.integers(-1, 10**9),
    not_after=st.none() | FIELDS | st.just("2020-01-01T00:00:00Z"),
)


@given(draft=ANY_DRAFTS)
def test_the_check_takes_what_the_sender_takes_and_refuses_the_rest_as_it_does(draft: Draft) -> None:
    rules = replace(RULES, max_message_bytes=3000)
    past_the_check = by_hand(draft, draft.request_id or "", "media")
    sent = send(past_the_check.body, past_the_check.objects, rules)
    if sent.body is not None:
        assert finish(draft, rules).size == len(sent.body)
    else:
        assert "; ".join(refusal(draft, rules).faults) == sent.description


def test_a_refusal_says_which_content_is_which() -> None:
    draft = drafted(attachments=[PICTURE, EMPTY, replace(EMPTY, name="hollow.gif")], links=[LINK])
    assert str(refusal(draft)) == (
        "content[2].s3: the object is empty\n"
        "content[3].s3: the object is empty\n"
        "(content[2] is empty.gif)\n"
        "(content[3] is hollow.gif)"
    )
    draft = drafted(text=None, attachments=[PICTURE], links=["ftp://parrot"])
    assert str(refusal(draft)).endswith("\n(content[1] is ftp://parrot)")


def test_a_message_of_just_the_size_allowed_passes_and_one_byte_more_is_refused() -> None:
    size = finish(drafted(attachments=[PICTURE]), RULES).size
    finish(drafted(attachments=[PICTURE]), replace(RULES, max_message_bytes=size))
    faults = refusal(drafted(attachments=[PICTURE]), replace(RULES, max_message_bytes=size - 1)).faults
    assert faults == (
        f"content: takes {size:,} bytes when encoded, more than the {size - 1:,} of the parameter MaxMessageBytes",
    )


@pytest.mark.parametrize("text", ["x" * 1024 * 1024, "für" * 300_000, "\n" * 530_000])
def test_a_text_that_no_queue_message_holds_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(Problem, match=r"a queue message takes 1 MiB in all\. Attach it as a file instead\."):
        finish(drafted(text=text), replace(RULES, max_message_bytes=10_000_000))


def test_a_text_of_a_mebibyte_less_the_rest_is_enqueued() -> None:
    rules = replace(RULES, max_message_bytes=10_000_000)
    draft = drafted(request_id="order-4711")
    rest = len(finish(draft, rules).body) - len("Here it is")
    assert len(finish(replace(draft, text="x" * (1024 * 1024 - rest)), rules).body) == 1024 * 1024
    with pytest.raises(Problem, match="1 MiB"):
        finish(replace(draft, text="x" * (1024 * 1024 - rest + 1)), rules)
