"""Every message that was posted, looked up by its id: there once, byte for byte; conflicts and cut ones beside it."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from local.readback import Item, ReadBack
from mms_gateway.messages import InboundMms
from mms_gateway.openmarket.decode import decode_callback
from tests.faults.load.attention import is_listed, listed
from tests.faults.load.belongings import Belongings
from tests.faults.load.inbound import LONG_TEXT, Inbound, Post
from tests.faults.load.load import Load
from tests.faults.tally import Breach, Tally


def check_inbound(load: Load, stored: ReadBack, tally: Tally) -> None:
    """Count what is not as it should be, and what is there beside it."""
    places = defaultdict(list)
    for place, post in enumerate(load.posts):
        places[post.inbound.mo_id].append(place)
    check = _Check(load, stored, tally)
    for mo_id, same in places.items():
        check.message(mo_id, same)
    check.belongings.nothing_else(load, "callbacks", tally)


class _Check:
    def __init__(self, load: Load, stored: ReadBack, tally: Tally) -> None:
        self._load, self._stored, self._tally = load, stored, tally
        self.belongings = Belongings()
        self._listed = listed(stored, "CONFLICT", "QUARANTINED")

    def message(self, mo_id: str, places: list[int]) -> None:
        """All that was posted under one id."""
        posts = [self._load.posts[at] for at in places]
        for at in places:
            self._tally.cases += 1
            self._answers(at)
            if self._load.posts[at].fault == "cut short":
                self._quarantined(at)
        raw = set()
        for body in (post.body() for post in {str(each): each for each in posts}.values()):
            raw.add(hashlib.sha256(body).hexdigest())
            self._kept("raw", body, posts[0])
        self._outcomes(places, posts[0])
        versions = {post.inbound.version: post for post in posts}
        items = self._stored.items(f"MO#{mo_id}")
        self._number_of(items, len(versions), posts[0])
        for post in versions.values():
            self._recorded(items, post, raw)

    def _answers(self, at: int) -> None:
        post, delivered = self._load.posts[at], self._load.delivered[at]
        self._tally.expect(delivered.outcome, "stuck", f"never answered 200: {delivered.attempts[-1]}: {post}")
        empty = all(each.empty for each in delivered.attempts if each.status == 200)
        self._tally.expect(empty, "wrong", f"a 200 with a body: {post}")
        known = delivered.outcome in {None, "stored", "duplicate", "conflict"}
        self._tally.expect(known, "wrong", f"answered {delivered.outcome}: {post}")

    def _outcomes(self, places: list[int], post: Post) -> None:
        """One of all the answers said `stored`; none may have where an answer got lost."""
        delivered = [self._load.delivered[at] for at in places]
        stored = sum(each.outcome == "stored" for each in delivered)
        lost = any(each.unanswered for each in delivered) or any(
            self._load.posts[at].fault == "unread" for at in places
        )
        self._tally.expect(stored <= 1, "doubled", f"answered `stored` {stored} times: {post}")
        self._tally.expect(stored == 1 or lost, "wrong", f"never answered `stored`: {post}")

    def _number_of(self, items: list[Item], versions: int, post: Post) -> None:
        messages = sum(item["sk"] == "MESSAGE" for item in items)
        conflicts = len(items) - messages
        self._tally.expect(messages >= 1, "lost", f"no message: {post}")
        self._tally.expect(conflicts >= versions - 1, "lost", f"{conflicts} conflicts of {versions - 1}: {post}")
        self._tally.expect(len(items) <= versions, "doubled", f"{len(items)} items: {post}")

    def _recorded(self, items: list[Item], post: Post, raw: set[str]) -> None:
        details = post.inbound.details.decode()
        found = [item for item in items if item["details"] == details]
        self._tally.expect(len(found) == 1, "lost" if not found else "doubled", f"{len(found)} items of it: {post}")
        for item in found:
            self.belongings.items.add((item["pk"], item["sk"]))
            self._tally.expect(is_listed(item, self._listed), "stuck", f"not in the index `attention`: {post}")
            for name in _unlike(item, post):
                self._tally.breach("wrong", f"{name} is {item.get(name)!r}: {post}")
            self._tally.expect(item["bodySha256"] in raw, "wrong", f"a body nobody sent: {post}")
            self._parts(item, post)

    def _parts(self, item: Item, post: Post) -> None:
        contents = list(post.inbound.contents())
        self._tally.expect(len(item["parts"]) == len(contents), "lost", f"{len(item['parts'])} parts: {post}")
        flags = ["base64-undeclared"] if post.inbound.encoding == "undeclared" else None
        for index, (content, part) in enumerate(zip(contents, item["parts"], strict=False)):
            sha256 = hashlib.sha256(content.data).hexdigest()
            wanted = {
                "index": index,
                "contentType": content.content_type,
                "contentId": content.content_id,
                "size": len(content.data),
                "sha256": sha256,
                "flags": flags,
            }
            if content.is_text and len(content.data) < LONG_TEXT:
                wanted["text"] = content.data.decode()
            else:
                wanted["s3Key"] = key = f"mo/{post.inbound.mo_id}/{index}-{sha256}"
                self._object(key, sha256, post)
            wrong = {name for name in wanted | part if wanted.get(name) != part.get(name)}
            what: Breach = "lost" if wrong & {"size", "sha256", "text"} else "wrong"
            self._tally.expect(not wrong, what, f"part {index}, {sorted(wrong)}: {post}")

    def _quarantined(self, at: int) -> None:
        """What was cut short: asked for again, and kept all the same."""
        post, cut = self._load.posts[at], self._load.cut[at]
        sha256 = self._kept("quarantine", post.cut_body(), post)
        told = cut.attempts[-1]
        again = told.outcome == "truncated" and told.status == 503
        self._tally.expect(again or cut.unanswered, "wrong", f"cut short, answered {told}: {post}")
        item = self._stored.item(f"RAW#{sha256}", "CALLBACK")
        self._tally.expect(item.get("attention") == "QUARANTINED", "lost", f"no item of the cut body: {post}")
        self._tally.expect(is_listed(item, self._listed), "stuck", f"the cut body, not in `attention`: {post}")
        self.belongings.items.add((f"RAW#{sha256}", "CALLBACK"))

    def _kept(self, folder: str, body: bytes, post: Post) -> str:
        """A whole body, by its hash; gives it."""
        sha256 = hashlib.sha256(body).hexdigest()
        key = f"{folder}/{sha256}"
        self.belongings.objects.add(key)
        etag, md5 = self._load.after.objects.get(key), hashlib.md5(body, usedforsecurity=False).hexdigest()
        self._tally.expect(etag is not None, "lost", f"no object {key}: {post}")
        self._tally.expect(etag in {None, md5}, "lost", f"other bytes in {key}: {post}")
        return sha256

    def _object(self, key: str, sha256: str, post: Post) -> None:
        self.belongings.objects.add(key)
        if key not in self._load.after.objects:
            self._tally.breach("lost", f"no object {key}: {post}")
        elif hashlib.sha256(self._stored.media(key)).hexdigest() != sha256:
            self._tally.breach("lost", f"other bytes in {key}: {post}")


def _unlike(item: Item, post: Post) -> Iterator[str]:
    """The attributes that are not what was sent."""
    same: Inbound = post.inbound
    otherwise = replace(post, boundary="yet-another-boundary")  # the content's hash does not depend on it
    decoded = decode_callback(otherwise.content_type, otherwise.body())
    assert isinstance(decoded, InboundMms)
    is_conflict = item["sk"] != "MESSAGE"
    wanted = {
        "moId": same.mo_id,
        "handset": same.run.handset(same.number),
        "subject": f"{same.run.word('subject')} {same.number}.{same.version}",
        "status": "RECEIVED",
        "contentSha256": decoded.content_sha256,
        "sk": f"CONFLICT#{decoded.content_sha256}" if is_conflict else "MESSAGE",
        "attention": "CONFLICT" if is_conflict else None,
        "flags": None,
    }
    return (name for name in wanted if item.get(name) != wanted[name])
