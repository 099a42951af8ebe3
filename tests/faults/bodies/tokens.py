"""Words that mean something to a reader of callbacks: for the mutations, and for the fuzzer's dictionary."""

LINE_ENDS = [b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\r\n \r\n", b"\r\n\t"]
BYTES = [b" ", b"\t", b"\0", b"\xff", b"\xc3\xa0", b"\xef\xbb\xbf", b"/", b";", b"=", b'"', b"\\", b": "]
DELIMITERS = [
    *(b"--", b"--mimeboundary", b"\r\n--mimeboundary\r\n", b"\n--mimeboundary\n"),
    *(b"\r\n--mimeboundary--", b"\r\n--mimeboundary--\r\n"),
]
HEADERS = b"Content-Type: |Content-Id: |Content-Transfer-Encoding: |content-type:|boundary=|charset=".split(b"|")
VALUES = (
    b"application/json|text/plain|image/jpeg|multipart/mixed|application/smil|application/octet-stream|main|<main>|../"
    b"|base64|quoted-printable|binary|8bit|7bit|utf-8|us-ascii|utf-16|iso-8859-1|shift_jis|gb18030|big5|euc-kr"
    b"|windows-1252"
).split(b"|")
JSON = (
    rb'{|}|[|]|,|""|{}|[[[[|null|true|NaN|1e400|-0|"\ud83e"|\u0000|"type"|"MO"|"REPORT"|"moId"|"mtId"|"source"'
    rb'|"destinations"|"ccs"|"date"|"subject"|"status"|"outcomeId"|"mobileOperatorId"|"2014-07-16T19:20:60+00:00"'
    rb'|"0000-01-01T00:00:00Z"'
).split(b"|")
CONTENTS = [*b"=41|=|=4|=ZZ|/9j/|GIF89a|%PDF-|UG9sbHk=|====|77u/".split(b"|"), b"=\r\n", b"\xff\xd8\xff"]

TOKENS = [*LINE_ENDS, *BYTES, *DELIMITERS, *HEADERS, *VALUES, *JSON, *CONTENTS]
NUMBERS = [*b'0|-1|1e400|1.0|00|4294967296|NaN|null|"1"'.split(b"|"), b"7" * 40, b"7" * 41, b"9" * 5000]
