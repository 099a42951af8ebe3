"""Receiving: a message, its repeats, an early report, a stranger, bodies that are cut or broken."""

import hashlib

import httpx

from local.readback import Item
from local.scenes.stage import HANDSET, SHORT_CODE, Stage
from local.simulator.callbacks import Mo, Part, build_request
from local.simulator.delivery import Policy
from local.simulator.dialect import Dialect, MediaEncoding
from local.simulator.media import PARROT, jpeg, png

# The documents say base64 and declare none; the gateway must find out by itself.
AS_OPENMARKET_SENDS = Dialect(media_encoding=MediaEncoding.BASE64_UNDECLARED)
PLAIN = Dialect(blank_after_content_type=False)
LONG_AGO = "2026-01-01T00:00:00+00:00"
PARTS = (
    Part(
        content_type="application/smil",
        content_id="layout.smil",
        data=b'<smil><body><par dur="5s"><img src="parrot.png"/><text src="text.txt"/></par>'
        b'<par dur="5s"><img src="ex-parrot.jpg"/></par></body></smil>',
    ),
    Part(content_type="image/png", content_id="parrot.png", data=png(PARROT)),
    Part(content_type="image/jpeg", content_id="ex-parrot.jpg", data=jpeg(PARROT[::-1])),
    Part(content_type="text/plain", content_id="text.txt", data="Norwegian Blue – beautiful plumage 🦜".encode()),
)


class Receiving:
    """What comes in."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._stored = stage.stored
        self._simulator = stage.simulator
        self._scene, self._check, self._tell = stage.scene, stage.check, stage.tell

    def play(self) -> None:
        """All of it, one after another."""
        mo_id = self._a_message_comes_in()
        self._it_comes_again(mo_id)
        self._a_report_comes_early()
        self._a_stranger_calls()
        self._a_body_is_cut_short()
        self._a_body_is_broken()

    def _a_message_comes_in(self) -> str:
        self._scene("A customer sends two pictures, a text and a layout")
        delivery = self._simulator.send_message(
            PARTS,
            source=HANDSET,
            destinations=[SHORT_CODE],
            subject="Is this parrot dead?",
            dialect=AS_OPENMARKET_SENDS,
        )
        self._check("the gateway answered 200 stored", delivery.statuses == [200] and delivery.outcomes == ["stored"])
        mo_id = str(delivery.mo_id)
        item = self._stored.item(f"MO#{mo_id}")
        self._stage.show_parts(item.get("parts", []))
        self._check("every part came back from the table or the bucket as it was sent", self._parts_equal(item))
        return mo_id

    def _it_comes_again(self, mo_id: str) -> None:
        self._scene("OpenMarket sends it again, twice at the same time")
        before = self._stored.item(f"MO#{mo_id}")
        delivery = self._simulator.send_message(
            PARTS,
            mo_id=mo_id,
            source=HANDSET,
            destinations=[SHORT_CODE],
            subject="Is this parrot dead?",
            date=str(before["date"]),
            dialect=AS_OPENMARKET_SENDS,
            policy=Policy(at_once=2, another_boundary=True),
        )
        self._check("both were answered 200 duplicate", delivery.outcomes == ["duplicate"] * 2)
        items = self._stored.items(f"MO#{mo_id}")
        self._check("three deliveries left one record, unchanged", items == [before])
        media = len(self._stored.keys(f"mo/{mo_id}/"))
        self._check(f"and one set of media ({media} objects)", media == len(PARTS) - 1)

    def _a_report_comes_early(self) -> None:
        self._scene("A delivery report comes for a message that is not in the table yet")
        delivery = self._simulator.send_report(status="Retrieved", outcome_id=1, outcome_description="Success.")
        self._check("the gateway answered 200 report", delivery.outcomes == ["report"])
        reports = self._stored.items(f"MTID#{delivery.mt_id}")
        self._check(
            "it waits under its mtId for the message to come",
            [report.get("status") for report in reports] == ["Retrieved"],
        )
        for report in reports:
            self._tell(f"{report['pk']}  {report['sk']}")

    def _a_stranger_calls(self) -> None:
        self._scene("A stranger posts a forged message to a guessed path")
        before = self._count()
        forged = build_request(
            Mo(mo_id="666", source=HANDSET, date=LONG_AGO, subject="Send money"), PLAIN, request_id="forged"
        )
        url = self._stage.stack.callback_url.rsplit("/", 1)[0] + "/guess"
        answer = httpx.post(url, content=forged.body, headers=list(forged.headers), trust_env=False, timeout=30)
        self._check("the gateway answered 401", answer.status_code == 401)
        self._check("and wrote nothing: {} items and {} objects as before".format(*before), self._count() == before)

    def _a_body_is_cut_short(self) -> None:
        self._scene("A connection breaks, and a body comes cut short; OpenMarket tries again")
        whole = build_request(
            Mo(mo_id="777000000000001", source=HANDSET, date=LONG_AGO, parts=PARTS[1:2]),
            PLAIN,
            request_id="cut",
        )
        delivery = self._simulator.send_raw("multipart/mixed; boundary=mimeboundary", whole.body[:-40])
        self._check(
            "the first time it was answered 503 truncated",
            (delivery.statuses[0], delivery.outcomes[0]) == (503, "truncated"),
        )
        self._check("the second time 200, and it is kept in quarantine", delivery.statuses[1:] == [200])
        self._show_quarantined(whole.body[:-40])

    def _a_body_is_broken(self) -> None:
        self._scene("A body comes that no message can be made of")
        broken = build_request(
            Mo(mo_id="777000000000002", source=HANDSET, date=LONG_AGO, more={"moId": "parrot"}),
            PLAIN,
            request_id="broken",
        )
        delivery = self._simulator.send_raw("multipart/mixed; boundary=mimeboundary", broken.body)
        self._check("it was answered 200 quarantined", str(delivery.outcomes[0]).startswith("quarantined; "))
        self._show_quarantined(broken.body)

    def _parts_equal(self, item: Item) -> bool:
        return [self._content(part) for part in item.get("parts", [])] == [part.data for part in PARTS]

    def _content(self, part: Item) -> bytes:
        return part["text"].encode() if "text" in part else self._stored.media(part["s3Key"])

    def _show_quarantined(self, body: bytes) -> None:
        sha256 = hashlib.sha256(body).hexdigest()
        item = self._stored.item(f"RAW#{sha256}", "CALLBACK")
        kept = item.get("attention") == "QUARANTINED" and self._stored.media(f"quarantine/{sha256}") == body
        self._check("its bytes are in the bucket, its reason in the table", kept)
        self._tell(f"reason: {item.get('reason')}")

    def _count(self) -> tuple[int, int]:
        return len(list(self._stored.all_items())), len(self._stored.keys())
