"""The objects in buckets that items of the table name."""

from dataclasses import dataclass

from mms_gateway.message_table.store import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """An object that an item names."""

    key: str
    bucket: str | None = None
    version_id: str | None = None
    size: int | None = None
    """As the item has it; None where it does not."""

    @property
    def name(self) -> str:
        """How it is told of: with its bucket where that is not the gateway's own."""
        return f"{self.bucket}/{self.key}" if self.bucket else self.key


def objects_of(item: Item) -> list[Object]:
    """The objects that an item names: its contents, a long queue message, a callback that could not be read."""
    objects = [
        Object(
            key=part["s3Key"], bucket=part.get("s3Bucket"), version_id=part.get("s3VersionId"), size=part.get("size")
        )
        for part in item.get("parts", [])
        if "s3Key" in part
    ]
    if "detailsKey" in item:
        objects.append(Object(key=item["detailsKey"]))
    if "s3Key" in item:
        objects.append(Object(key=item["s3Key"], size=item.get("size")))
    return objects
