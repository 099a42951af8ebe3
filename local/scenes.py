"""The scenes of the demo: messages in, what is stored, what is refused, each claim checked."""

import hashlib
import json
from collections.abc import Sequence

import httpx
from rich.console import Console
from rich.json import JSON
from rich.padding import Padding
from rich.table import Table

from local.readback import Item, ReadBack
from local.simulator.callbacks import Mo, Part, build_request
from local.simulator.client import SimulatorClient
from local.simulator.delivery import Policy
from local.simulator.dialect import Dialect, MediaEncoding
from local.simulator.media import PARROT, jpeg, png
from local.stack import Stack

HANDSET, SHORT_CODE = "447800000001", "88600"
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


class Demo:
    """Plays the scenes one after another and keeps count of what held."""

    def __init__(self, stack: Stack, console: Console) -> None:
        self._stack = stack
        self._console = console
        self._stored = ReadBack(stack)
        self._simulator = SimulatorClient(stack.open_market_url)
        self.held: list[bool] = []

    def play(self) -> None:
        """All scenes; `held` has one entry for each claim that was checked."""
        mo_id = self._a_message_comes_in()
        self._it_comes_again(mo_id)
        self._a_report_comes_early()
        self._a_stranger_calls()
        self._a_body_is_cut_short()
        self._a_body_is_broken()
        self._the_conversation(mo_id)

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
        self._show_parts(item.get("parts", []))
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
        url = self._stack.callback_url.rsplit("/", 1)[0] + "/guess"
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

    def _the_conversation(self, mo_id: str) -> None:
        self._scene(f"The conversation with {HANDSET}, one query of the table")
        conversation = self._stored.query("by-handset", handset=HANDSET)
        self._check("holds the one message", [item["moId"] for item in conversation] == [mo_id])
        for item in conversation:
            self._console.print(JSON(json.dumps(item, default=int, ensure_ascii=False)), soft_wrap=True)

    def _parts_equal(self, item: Item) -> bool:
        return [self._content(part) for part in item.get("parts", [])] == [part.data for part in PARTS]

    def _content(self, part: Item) -> bytes:
        return part["text"].encode() if "text" in part else self._stored.media(part["s3Key"])

    def _show_parts(self, parts: Sequence[Item]) -> None:
        table = Table("type", "content id", "sha256", "where", box=None, pad_edge=False, header_style="dim")
        table.add_column("bytes", justify="right")  # the last: no line ends in blanks
        for part in parts:
            where = "the item itself" if "text" in part else "the bucket"
            table.add_row(part["contentType"], part["contentId"], f"{part['sha256'][:12]}…", where, str(part["size"]))
        self._console.print(Padding.indent(table, 4))

    def _show_quarantined(self, body: bytes) -> None:
        sha256 = hashlib.sha256(body).hexdigest()
        item = self._stored.item(f"RAW#{sha256}", "CALLBACK")
        kept = item.get("attention") == "QUARANTINED" and self._stored.media(f"quarantine/{sha256}") == body
        self._check("its bytes are in the bucket, its reason in the table", kept)
        self._tell(f"reason: {item.get('reason')}")

    def _count(self) -> tuple[int, int]:
        return len(list(self._stored.all_items())), len(self._stored.keys())

    def _scene(self, title: str) -> None:
        self._console.print(f"\n[bold]{title}[/bold]")

    def _check(self, claim: str, held: bool) -> None:
        self.held.append(held)
        self._console.print(f"  [green]✔[/green] {claim}" if held else f"  [bold red]✘ NOT TRUE:[/bold red] {claim}")

    def _tell(self, line: str) -> None:
        self._console.print(f"    {line}", style="dim", markup=False, soft_wrap=True)
