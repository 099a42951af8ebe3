"""Contents served to the browser: shown where that is safe, saved otherwise, and never run."""

import re
from urllib.parse import quote

from botocore.exceptions import ClientError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from console.media import Media, file_name
from console.problems import Problem
from console.reading import Reader
from console.web.contents import served_type

SANDBOX = "sandbox; default-src 'none'; media-src 'self'; style-src 'unsafe-inline'"
"""Of a content opened by itself; Chromium's own player of videos needs the last two."""
RANGE = re.compile(r"bytes=[0-9]*-[0-9]*")


class Files:
    """Serves the contents of messages out of the table and the bucket."""

    def __init__(self, reader: Reader, media: Media) -> None:
        self._reader = reader
        self._media = media

    def get(self, request: Request) -> Response:
        """One content of a message, or what the browser asks of it; `download` in the query has it saved."""
        query = request.query_params
        item = self._reader.item(query.get("pk", ""), query.get("sk", "") or "MESSAGE") if query.get("pk") else None
        part = next(
            (each for each in (item or {}).get("parts", []) if str(each["index"]) == query.get("index", "")), None
        )
        if part is None:
            return PlainTextResponse("There is no such content.", 404)
        wanted = request.headers.get("range", "")
        try:
            opened = self._media.open(part, wanted if RANGE.fullmatch(wanted) else None)
        except Problem as problem:
            return PlainTextResponse(str(problem), 404)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in {"InvalidRange", "416"}:
                return PlainTextResponse("It is not as long as that.", 416)
            raise
        headers = media_headers(part["contentType"], file_name(part), save="download" in query)
        headers |= {"Content-Length": str(opened.size), "Accept-Ranges": "bytes"}
        headers |= {"Content-Range": opened.range} if opened.range else {}
        return StreamingResponse(opened.pieces, 206 if opened.range else 200, headers)


def media_headers(content_type: str, name: str, *, save: bool = False) -> dict[str, str]:
    """The headers under which a stranger's content is served."""
    served = served_type(content_type)
    how = "attachment" if save or served == "application/octet-stream" else "inline"
    return {
        "Content-Type": served,
        "Content-Disposition": f"{how}; filename*=UTF-8''{quote(name)}",
        "Content-Security-Policy": SANDBOX,
    }
